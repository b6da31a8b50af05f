import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { codeFingerprint } from '../../../src/adapters/host/code-fingerprint.ts';
import {
  cacheFolder,
  repositoryFolder,
  runsFolder,
  searchFolders,
  stateFolder,
} from '../../../src/adapters/host/folders.ts';
import {
  ledgerSlugs,
  readLedger,
  recordCluster,
  removeCampaignFolder,
  updateLedger,
  writeLedger,
} from '../../../src/adapters/host/ledger.ts';
import type { ClusterRecord, Ledger } from '../../../src/adapters/host/ledger.ts';
import { freePort } from '../../../src/adapters/host/ports.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const FOLDER_VARIABLES = ['BELAY_HOME', 'BELAY_CACHE', 'BELAY_RUNS', 'XDG_CACHE_HOME', 'BELAY_PATH'];

test.each([
  ['unset', undefined],
  ['empty', ''],
])('folders are beside the checkout and in the cache where the environment is %s', (_what, value) => {
  for (const name of FOLDER_VARIABLES) vi.stubEnv(name, value);
  expect(stateFolder()).toBe(join(repositoryFolder, '.belay'));
  expect(runsFolder()).toBe(join(repositoryFolder, 'runs'));
  expect(cacheFolder()).toBe(join(homedir(), '.cache', 'belay'));
  expect(searchFolders()).toEqual([repositoryFolder]);
});

test('folders are where the environment says', () => {
  for (const name of FOLDER_VARIABLES) vi.stubEnv(name, undefined);
  vi.stubEnv('BELAY_HOME', '/h');
  expect(stateFolder()).toBe('/h');
  vi.stubEnv('BELAY_RUNS', '/r');
  expect(runsFolder()).toBe('/r');
  vi.stubEnv('XDG_CACHE_HOME', '/x');
  expect(cacheFolder()).toBe('/x/belay');
  vi.stubEnv('BELAY_CACHE', '/y');
  expect(cacheFolder()).toBe('/y');
  vi.stubEnv('BELAY_PATH', '/a::/b');
  expect(searchFolders()).toEqual(['/a', '/b', repositoryFolder]);
});

test('a port is the preferred one while that is free, and never one twice', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  expect(await freePort(port)).not.toBe(port);
  await new Promise((done) => server.close(done));
  expect(await freePort(port)).toBe(port);
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(new Set(ports).size).toBe(20);
});

test('the fingerprint of the code stays while the code does', () => {
  expect(codeFingerprint()).toMatch(/^[0-9a-f]{64}$/);
  expect(codeFingerprint()).toBe(codeFingerprint());
});

test('a ledger keeps what a campaign made, in place of what it had by the same name, until it is removed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'belay-ledger-'));
  vi.stubEnv('BELAY_HOME', folder);
  try {
    expect(readLedger('c1')).toBeUndefined();
    expect(() => updateLedger('c1', (ledger) => ledger)).toThrow('no ledger for c1');
    const ledger: Ledger = {
      campaign: 'c',
      slug: 'c1',
      workflowId: 'w',
      runId: 'r',
      createdAtMs: 1,
      expiresAtMs: 2,
      clusters: [],
      processes: [],
    };
    writeLedger(ledger);
    const cluster: ClusterRecord = { index: 0, name: 'c1-0', kubeconfigPath: '/k', context: '', owned: true, uid: 'u' };
    recordCluster('c1', { ...cluster, index: 1, name: 'c1-1' });
    recordCluster('c1', cluster);
    recordCluster('c1', { ...cluster, uid: 'again' });
    expect(readLedger('c1')?.clusters.map(({ name, uid }) => [name, uid])).toEqual([
      ['c1-0', 'again'],
      ['c1-1', 'u'],
    ]);
    expect(ledgerSlugs()).toEqual(['c1']);
    removeCampaignFolder('c1');
    expect(ledgerSlugs()).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
