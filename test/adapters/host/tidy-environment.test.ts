import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { canWrite } from '../../../src/adapters/host/can-write.ts';
import { cacheFolder } from '../../../src/adapters/host/folders.ts';
import { tidyEnvironment } from '../../../src/adapters/host/tidy-environment.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-environment-'));
  vi.stubEnv('BELAY_HOME', join(folder, 'state'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** The environment after it was tidied. */
function tidied(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const copy = { ...environment };
  tidyEnvironment(copy);
  return copy;
}

test('an environment that is in order stays as it is', () => {
  const home = join(folder, 'home of ünïcode');
  mkdirSync(home);
  expect(tidied({ HOME: home, TMPDIR: folder, GRPC_VERBOSITY: 'DEBUG' })).toEqual({
    HOME: home,
    TMPDIR: folder,
    GRPC_VERBOSITY: 'DEBUG',
  });
});

test.each([undefined, '', 'relative/home'])('a home that is %j is the one of the account', (home) => {
  const { HOME } = tidied({ HOME: home });
  expect(HOME).toMatch(/^\//);
  expect(existsSync(HOME ?? '')).toBe(true);
});

test.each(['', 'tmp', '/no/such/folder', '/dev/null'])('%j is no folder for temporary files', (temporary) => {
  expect(tidied({ HOME: folder, TMPDIR: temporary })).not.toHaveProperty('TMPDIR');
});

test('Go and the tools have caches in the state folder where the home cannot be written', () => {
  // A file: nothing can be made below it, by root neither.
  const home = join(folder, 'file');
  writeFileSync(home, '');
  expect(canWrite(join(home, '.cache'))).toBe(false);
  expect(tidied({ HOME: home })).toMatchObject({
    HOME: home,
    GOCACHE: join(folder, 'state', 'go', 'build'),
    GOPATH: join(folder, 'state', 'go'),
  });
  expect(tidied({ HOME: home, GOCACHE: '/mine', GOPATH: '/mine' })).toMatchObject({
    GOCACHE: '/mine',
    GOPATH: '/mine',
  });
  vi.stubEnv('HOME', home);
  vi.stubEnv('XDG_CACHE_HOME', undefined);
  vi.stubEnv('BELAY_CACHE', undefined);
  expect(cacheFolder()).toBe(join(folder, 'state', 'cache'));
});

test('a relative folder for caches is ignored, and one that can be written is used', () => {
  vi.stubEnv('BELAY_CACHE', undefined);
  vi.stubEnv('HOME', folder);
  vi.stubEnv('XDG_CACHE_HOME', 'relative');
  expect(cacheFolder()).toBe(join(folder, '.cache', 'belay'));
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  expect(cacheFolder()).toBe(join(folder, 'cache', 'belay'));
});
