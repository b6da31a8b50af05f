import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  campaignFolder,
  forgetCluster,
  forgetProcess,
  keepCampaign,
  ledgerOf,
  ledgersHere,
  markClosing,
  openLedger,
  readLedger,
  removeCampaignFolder,
  removeFoldersWithoutLedger,
  updateLedger,
  type Ledger,
} from '../../../src/adapters/host/ledger.ts';
import { findAbandoned } from '../../../src/adapters/temporal/abandoned-campaigns.ts';
import { withProcessLockSync } from '../../../src/adapters/host/process-lock.ts';
import { startTicksOf } from '../../../src/adapters/host/processes.ts';

const SLUG = 'c1';
const RECORDS = 200;

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-ledger-'));
  vi.stubEnv('BELAY_HOME', home);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

test('two processes that write to one ledger at once lose nothing of each other', async () => {
  openLedger(emptyLedger());
  const child = join(import.meta.dirname, 'ledger-child.ts');
  const write = (writer: string): Promise<unknown> =>
    execa(process.execPath, [child, SLUG, writer, String(RECORDS)], { env: { BELAY_HOME: home } });
  await Promise.all([write('a'), write('b')]);
  const ledger = readLedger(SLUG);
  const names = (writer: string): readonly string[] =>
    Array.from({ length: RECORDS }, (_, index) => `${writer}-${index}`);
  expect(ledger?.processes.map(({ name }) => name).sort()).toEqual([...names('a'), ...names('b')].sort());
  expect(ledger?.clusters).toHaveLength((2 * RECORDS) / 10);
  expect(readdirSync(join(home, 'locks'))).toEqual([]);
  expect(readdirSync(campaignFolder(SLUG))).toEqual(['ledger.json']);
});

test('a lock that a dead process left does not hold up a change, one that is held is told with its holder', () => {
  openLedger(emptyLedger());
  const lock = join(home, 'locks', `${SLUG}.ledger`);
  writeFileSync(lock, JSON.stringify({ pid: 4_194_304, startTicks: '1', token: 'x' }));
  expect(updateLedger(SLUG, (ledger) => ({ ...ledger, expiresAtMs: 7 })).expiresAtMs).toBe(7);
  expect(existsSync(lock)).toBe(false);

  const [pid, startTicks] = [process.ppid, startTicksOf(process.ppid)];
  writeFileSync(lock, JSON.stringify({ pid, startTicks, token: 'x' }));
  expect(() => withProcessLockSync(lock, 30, () => undefined)).toThrow(`process ${pid} has held ${lock} for 0.03 s`);
  expect(existsSync(lock)).toBe(true);
});

test('a change that fails gives the lock back and leaves the ledger as it was', () => {
  openLedger(emptyLedger());
  expect(() => updateLedger(SLUG, fail)).toThrow('no');
  expect(readLedger(SLUG)).toEqual(emptyLedger());
  expect(updateLedger(SLUG, (ledger) => ledger)).toEqual(emptyLedger());
});

test('a ledger is opened once, and one that is gone is not written again by who comes late', () => {
  openLedger({ ...emptyLedger(), closing: true });
  openLedger(emptyLedger());
  expect(readLedger(SLUG)?.closing).toBe(true);
  removeCampaignFolder(SLUG);
  forgetCluster(SLUG, 'c');
  forgetProcess(SLUG, 'p');
  markClosing(SLUG);
  expect(() => updateLedger(SLUG, (ledger) => ledger)).toThrow(`no ledger for ${SLUG}`);
  expect(existsSync(campaignFolder(SLUG))).toBe(false);
});

test('a folder of a campaign that has no ledger is removed, and no other', () => {
  openLedger(emptyLedger());
  const late = join(campaignFolder('late'), 'kwok');
  mkdirSync(late, { recursive: true });
  removeFoldersWithoutLedger();
  expect(existsSync(campaignFolder('late'))).toBe(false);
  expect(readLedger(SLUG)).toBeDefined();
});

test('the group of a campaign on this host is read back, and a damaged one is refused by the name of its field', () => {
  const leadAddress = { host: 'a-1', endpointUrl: 'https://a:1', prometheusUrl: 'https://a:2', certificatePem: 'PEM' };
  const group = { name: 'g1', firstCluster: 2, clusterCount: 2, lead: false, leadAddress };
  openLedger({ ...emptyLedger(), leasedClusters: 2, group });
  expect(readLedger(SLUG)).toMatchObject({ leasedClusters: 2, group });
  writeFileSync(
    join(campaignFolder(SLUG), 'ledger.json'),
    JSON.stringify({ ...emptyLedger(), group: { ...group, clusterCount: 'two' } }),
  );
  expect(() => readLedger(SLUG)).toThrow('ledger of c1: group: clusterCount: found "two" (string); allowed: a whole');
});

function fail(): never {
  throw new Error('no');
}

function emptyLedger(): Ledger {
  return {
    campaign: 'c',
    slug: SLUG,
    workflowId: 'w',
    runId: 'r',
    createdAtMs: 1,
    expiresAtMs: 2,
    clusters: [],
    processes: [],
  };
}

test('a ledger that a power failure has cut keeps no other campaign from being served, kept or swept, and a sweep names it', async () => {
  openLedger(emptyLedger());
  mkdirSync(campaignFolder('cut'), { recursive: true });
  writeFileSync(join(campaignFolder('cut'), 'ledger.json'), '{"campaign": "c');
  expect(ledgersHere().map(({ slug }) => slug)).toEqual([SLUG]);
  expect(ledgerOf(emptyLedger().campaign)?.slug).toBe(SLUG);
  expect(keepCampaign(emptyLedger().campaign, 1)).toHaveLength(1);
  const found = await findAbandoned(undefined);
  expect(found.map(({ ledger, abandonment }) => [ledger.slug, abandonment])).toEqual([
    ['cut', { abandoned: 'unknown', why: expect.stringContaining(`remove that folder`) as string }],
    [SLUG, { abandoned: 'unknown', why: 'Temporal does not say whether it runs' }],
  ]);
});
