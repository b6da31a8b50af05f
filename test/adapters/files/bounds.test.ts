import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';

/** Texts of about a megabyte, each the worst of its kind, that are made rather than kept. */
const nasty: Readonly<Record<string, () => string>> = {
  'profile-long-flow': () => '['.repeat(1_000_000),
  'profile-long-dashes': () => '- '.repeat(500_000),
  'profile-long-keys': () => '? '.repeat(500_000),
  'profile-long-maps': () => '{a: '.repeat(250_000),
  'profile-long-block': () => Array.from({ length: 1_400 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
  'profile-long-staircase': () =>
    Array.from({ length: 120 }, (_, depth) => `${' '.repeat(depth * 70)}${'- '.repeat(35)}`).join('\n'),
  'profile-long-number': () => `scale: { machines: ${'9'.repeat(1_000_000)} }`,
  'profile-long-scalar': () => `metadata: { name: ${'x'.repeat(1_000_000)} }`,
  'profile-long-key': () => `${'x'.repeat(1_000_000)}: 1`,
  'profile-long-query': () => `gates: { a: { query: "${'('.repeat(1_000_000)}", max: 1 } }`,
  'profile-long-tags': () => '!a '.repeat(300_000),
  'profile-long-anchors': () => '&a '.repeat(300_000),
  'profile-long-quotes': () => '"'.repeat(1_000_001),
  'profile-long-lines': () => '\n'.repeat(1_000_000),
  'profile-long-documents': () => '---\n'.repeat(250_000),
  'profile-long-directives': () => '%A b\n'.repeat(200_000),
  'profile-many-unknown': () => Array.from({ length: 9_000 }, (_, index) => `soakSecond${index}: 1`).join('\n'),
  'profile-many-gates': () =>
    `gates:\n${Array.from({ length: 2_000 }, (_, index) => `  g${index}: { query: "sum(", max: 1 }`).join('\n')}`,
  'profile-many-queries': () =>
    `gates:\n${Array.from({ length: 70 }, (_, index) => `  g${index}: { query: "${'sum(rate(foo[5m])) + '.repeat(95)}histogram_quantle(0.9, foo)", max: 1 }`).join('\n')}`,
  'profile-much-text': () =>
    `gates:\n${Array.from({ length: 400 }, (_, index) => `  g${index}: { query: "${'sum(rate(foo[5m])) + '.repeat(95)}1", max: 1 }`).join('\n')}`,
  'profile-many-maps': () =>
    `gates:\n${Array.from({ length: 30 }, (_, gate) => `  g${gate}: { ${Array.from({ length: 480 }, (_, index) => `k${index}: 1`).join(', ')} }`).join('\n')}`,
  'profile-many-doubles': () => 'a: 1\n'.repeat(14_000),
  'profile-many-aliases': () => `a: &a [x]\nb: [${Array.from({ length: 18_000 }, () => '*a').join(', ')}]`,
  'profile-many-merges': () =>
    `a: &a { ${Array.from({ length: 200 }, (_, index) => `k${index}: 1`).join(', ')} }\n` +
    Array.from({ length: 2_000 }, (_, index) => `m${index}: { <<: *a }`).join('\n'),
  'profile-many-anchors': () =>
    Array.from(
      { length: 26 },
      (_, depth) =>
        `a${depth}: &a${depth} [${Array.from({ length: 9 }, () => (depth === 0 ? 'x' : `*a${depth - 1}`)).join(', ')}]`,
    ).join('\n'),
  'catalogue-many-archetypes': () => `archetypes:\n${Array.from({ length: 5_000 }, () => '- { name: 1 }').join('\n')}`,
  'substrate-many-contexts': () =>
    `type: kubeconfig\nkubeconfig: { contexts: [${Array.from({ length: 18_000 }, (_, index) => `c${index}`).join(', ')}] }`,
  'profile-ten-megabytes': () => `# ${'x'.repeat(10 * 1024 * 1024)}`,
};

const folder = mkdtempSync(join(tmpdir(), 'belay-bounds-'));
const bad = join(import.meta.dirname, '../../core/profile/bad');
const child = join(import.meta.dirname, 'load-child.ts');

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function madeFiles(): readonly string[] {
  mkdirSync(folder, { recursive: true });
  return Object.entries(nasty).map(([name, text]) => {
    const path = join(folder, `${name}.yaml`);
    writeFileSync(path, text());
    return path;
  });
}

describe('a file that is wrong', () => {
  const kept = readdirSync(bad)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => join(bad, file));

  // The time limit only ends what hangs; how long parsing takes depends on who else uses the machine.
  it.concurrent.each([...kept, ...madeFiles()])('is refused within 200 MB: %s', async (path) => {
    const { stdout } = await execa(process.execPath, ['--max-old-space-size=200', child, path], { timeout: 60_000 });
    const { errors, peakMb } = JSON.parse(stdout) as { readonly errors: number; readonly peakMb: number };
    expect(errors).toBeGreaterThan(0);
    expect(errors).toBeLessThanOrEqual(31);
    expect(peakMb).toBeLessThan(200);
  });
});
