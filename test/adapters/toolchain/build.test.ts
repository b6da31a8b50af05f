import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildEnvironment, buildFlags } from '../../../src/adapters/toolchain/build.ts';
import { diskRoom, requireRoom } from '../../../src/adapters/host/disk-room.ts';
import { goToolsFolder, isAtLeast } from '../../../src/adapters/toolchain/go.ts';
import { TOOLS, TOOL_NAMES, inBuildOrder } from '../../../src/adapters/toolchain/tools.ts';

test('every tool but Karpenter can say its version, and those that stamp it stamp the pin', () => {
  for (const name of TOOL_NAMES) {
    const { version, versionArgs, stamps } = TOOLS[name];
    expect(versionArgs === undefined).toBe(name === 'karpenter');
    for (const stamp of stamps) expect(stamp.endsWith(version)).toBe(true);
  }
});

test('Prometheus is built without the cloud clients, with its own stamp', () => {
  const flags = buildFlags(TOOLS.prometheus);
  expect(flags.slice(0, 4)).toEqual(['-trimpath', '-buildvcs=false', '-tags', 'remove_all_sd']);
  expect(flags.at(-1)).toContain('-X github.com/prometheus/common/version.Version=3.16.0');
});

test('a small machine compiles with less memory, and nothing can prompt', () => {
  expect(buildEnvironment(3 * 2 ** 30)).not.toHaveProperty('GOGC');
  expect(buildEnvironment(8 * 2 ** 30)).toMatchObject({ GOGC: '400', CGO_ENABLED: '0', GIT_TERMINAL_PROMPT: '0' });
  expect(buildEnvironment(8 * 2 ** 30)).not.toHaveProperty('GOPROXY');
});

test("tools are made ready in the order that has the quickstart's first", () => {
  expect(inBuildOrder(['helm', 'temporal', 'etcd', 'etcd'])).toEqual(['etcd', 'temporal', 'helm']);
});

test.each([
  ['1.26.8', '1.26.8', true],
  ['1.27', '1.26.8', true],
  ['1.27rc1', '1.26.8', true],
  ['1.26.7', '1.26.8', false],
  ['1.9.9', '1.26.8', false],
  ['2.0', '1.26.8', true],
  ['devel', '1.26.8', false],
])('Go %s against %s', (found, needed, expected) => {
  expect(isAtLeast(found, needed)).toBe(expected);
});

test('too little disk is said with both sizes; a folder that is still to come counts as its parent', () => {
  expect(diskRoom(`${tmpdir()}/not/there/yet`).freeBytes).toBeGreaterThan(0);
  expect(() => requireRoom('the build', tmpdir(), { bytes: 9e18, files: 0 })).toThrow(
    /the build needs 9000000000\.0 GB of disk, but .* has \d+\.\d GB free/,
  );
});

test('go.mod pins what the table of tools says', () => {
  const modules = new Map(
    readFileSync(join(goToolsFolder, 'go.mod'), 'utf8')
      .split('\n')
      .map((line) => /^(?:require )?\s*(\S+) v(\S+)/.exec(line))
      .filter((match) => match !== null)
      .map(([, module = '', version = '']) => [module, version]),
  );
  for (const name of TOOL_NAMES) {
    const { module, version } = TOOLS[name];
    // Prometheus numbers its Go module 0.<major><minor>: 3.16.0 is 0.316.0.
    const pinned = name === 'prometheus' ? version.replace(/^(\d+)\.(\d+)\./, '0.$1$2.') : version;
    expect([module, modules.get(module)]).toEqual([module, pinned]);
  }
});
