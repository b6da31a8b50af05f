import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { toolIdentities } from '../../../src/adapters/identity/tool-identity.ts';
import { writeCachedTool } from '../../../src/adapters/toolchain/tool-cache.ts';
import { TOOLS } from '../../../src/adapters/toolchain/tools.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-tools-'));
  vi.stubEnv('BELAY_CACHE', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function identityOf(name: string, path: string, version?: string): Promise<unknown> {
  const [identity] = await toolIdentities(new Map([[name, { path, ...(version === undefined ? {} : { version }) }]]));
  return identity;
}

test('a program is identified by its content; the next look sees a change of the same size', async () => {
  const path = join(folder, 'program');
  writeFileSync(path, 'one');
  expect(await identityOf('program', path)).toEqual({ name: 'program', version: 'unknown', sha256: sha256('one') });
  writeFileSync(path, 'two');
  expect(await identityOf('program', path, '1.0.0')).toEqual({
    name: 'program',
    version: '1.0.0',
    sha256: sha256('two'),
  });
});

test('a program of the cache that was changed in it is hashed again', async () => {
  const path = await writeCachedTool('etcd', 'build', (file) => {
    writeFileSync(file, 'one');
    return Promise.resolve({ source: 'a test' });
  });
  const { version } = TOOLS.etcd;
  expect(await identityOf('etcd', path, version)).toEqual({ name: 'etcd', version, sha256: sha256('one') });
  chmodSync(path, 0o755);
  writeFileSync(path, 'two');
  expect(await identityOf('etcd', path, version)).toEqual({ name: 'etcd', version, sha256: sha256('two') });
});

test('a program that is missing is an error, not a part without a hash', async () => {
  mkdirSync(join(folder, 'empty'));
  await expect(identityOf('program', join(folder, 'empty', 'program'))).rejects.toThrow(/ENOENT/);
});
