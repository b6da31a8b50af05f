import { afterEach, expect, test, vi } from 'vitest';
import { checksumIn, releaseAddress, releaseOf } from '../../../src/adapters/toolchain/releases.ts';
import { TOOL_NAMES } from '../../../src/adapters/toolchain/tools.ts';

const SUM = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each([
  ['a bare sum', SUM, 'sums', 'kubectl'],
  ['a bare sum with a line end', `${SUM}\n`, 'sums', 'kubectl'],
  ['a list', `${OTHER}  other.tar.gz\n${SUM}  tool.tar.gz\n`, 'sums', 'tool.tar.gz'],
  ['a list of binaries', `${OTHER} *other.tar.gz\n${SUM} *tool.tar.gz\n`, 'sums', 'tool.tar.gz'],
  ['a list with paths', `${OTHER}  ./other\n${SUM}  ./tool\n`, 'sums', 'tool'],
  ['upper case', `${SUM.toUpperCase()}  tool`, 'sums', 'tool'],
  [
    'a description by GitHub',
    JSON.stringify({
      assets: [
        { name: 'kwok', digest: null },
        { name: 'kwokctl', digest: `sha256:${SUM}` },
      ],
    }),
    'github',
    'kwokctl',
  ],
] as const)('finds the checksum in %s', (_what, document, format, file) => {
  expect(checksumIn(document, format, file)).toBe(SUM);
});

test.each([
  ['another file', `${SUM}  tool.tar.gz.asc\n${OTHER}  x`, 'sums', 'tool.tar.gz'],
  ['a page that says sorry', '<html>sign in</html>', 'sums', 'tool'],
  ['a shorter sum', `${'a'.repeat(40)}  tool`, 'sums', 'tool'],
  ['no digest', JSON.stringify({ assets: [{ name: 'kwok', digest: null }] }), 'github', 'kwok'],
  ['no assets', '{}', 'github', 'kwok'],
] as const)('refuses %s', (_what, document, format, file) => {
  expect(() => checksumIn(document, format, file)).toThrow(`the release lists no sha256 for ${file}`);
});

test('every tool but Karpenter has a release for Linux, over TLS, with a checksum', () => {
  for (const arch of ['amd64', 'arm64']) {
    const none = TOOL_NAMES.filter((name) => releaseOf(name, { os: 'linux', arch }) === undefined);
    expect(none).toEqual(['karpenter']);
    for (const name of TOOL_NAMES) {
      const release = releaseOf(name, { os: 'linux', arch });
      if (release === undefined) continue;
      expect(release.url).toMatch(/^https:\/\/.*(linux).*/);
      expect(release.url).toContain(arch);
      expect(release.checksum.url).toMatch(/^https:\/\//);
      expect(release.url.endsWith(release.file)).toBe(true);
      expect(release.member !== undefined).toBe(release.file.endsWith('.tar.gz'));
    }
  }
});

test('a mirror keeps the official host as first part of its path', () => {
  vi.stubEnv('BELAY_RELEASES_URL', 'http://127.0.0.1:9/mirror/');
  expect(releaseAddress('https://dl.k8s.io/release/x')).toBe('http://127.0.0.1:9/mirror/dl.k8s.io/release/x');
  vi.stubEnv('BELAY_RELEASES_URL', 'off');
  expect(releaseAddress('https://dl.k8s.io/release/x')).toBeUndefined();
  vi.stubEnv('BELAY_RELEASES_URL', '');
  expect(releaseAddress('https://dl.k8s.io/release/x')).toBe('https://dl.k8s.io/release/x');
});
