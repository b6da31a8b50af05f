import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { removalAdapters } from '../../src/activities/all.ts';
import { removeGroup } from '../../src/activities/remove-group.ts';
import { openEvidence, readTimeline } from '../../src/adapters/evidence/evidence-folder.ts';
import { keepBesideLedger, makeCurrent } from '../../src/adapters/evidence/spec-store.ts';
import { keepMemberAccess } from '../../src/adapters/fleet/fleet-access.ts';
import { hostName } from '../../src/adapters/host/host-queues.ts';
import {
  openLedger,
  readLedger,
  recordProcess,
  removeCampaignFolder,
  type ClusterRecord,
  type Ledger,
} from '../../src/adapters/host/ledger.ts';
import { tryProcessLock } from '../../src/adapters/host/process-lock.ts';
import { isAlive, startDetached } from '../../src/adapters/host/processes.ts';
import type { CampaignSeen } from '../../src/core/campaign/group-fate.ts';
import { GroupKeeper } from '../../src/worker/group-keeper.ts';
import { endpointBench, SECRET } from '../adapters/fleet/endpoint-bench.ts';
import { aSpec } from '../workflows/make-spec.ts';

const leadAddress = { host: 'a', endpointUrl: 'https://a:1', prometheusUrl: 'https://a:2', certificatePem: 'PEM' };
const log = pino({ level: 'silent' });
const { signal } = new AbortController();

const cluster: ClusterRecord = { index: 0, name: 'c0', kubeconfigPath: '', context: '', owned: true, uid: 'u' };

const CLOSED: CampaignSeen = { kind: 'closed', how: 'by-itself', atMs: 0 };

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-groups-'));
  vi.stubEnv('BELAY_HOME', home);
  vi.stubEnv('BELAY_RUNS', join(home, 'runs'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

function ledger(slug: string): Ledger {
  const { campaign, workflowId } = aSpec();
  return {
    campaign,
    slug,
    workflowId,
    runId: 'r',
    createdAtMs: Date.now(),
    expiresAtMs: Date.now() + 3_600_000,
    clusters: [],
    processes: [],
    leasedClusters: 2,
    group: { name: 'g1', firstCluster: 0, clusterCount: 2, lead: false, leadAddress },
  };
}

/** A keeper that sees the same of every campaign, with the slugs that it removed. */
function keeperThatSees(answer: () => Promise<CampaignSeen>): {
  readonly keeper: GroupKeeper;
  readonly removed: string[];
} {
  const removed: string[] = [];
  const remove = ({ slug }: Ledger): Promise<readonly string[]> => {
    removed.push(slug);
    return Promise.resolve([]);
  };
  return { keeper: new GroupKeeper({ log, signal, see: answer, remove }), removed };
}

describe('a keeper of groups', () => {
  test('removes a group that two checks in a row find unwanted, and no campaign of one host', async () => {
    openLedger(ledger('one'));
    const { group: _, ...single } = ledger('two');
    openLedger(single);
    const { keeper, removed } = keeperThatSees(() => Promise.resolve(CLOSED));
    await keeper.checkAll();
    expect(removed).toEqual([]);
    await keeper.checkAll();
    expect(removed).toEqual(['one']);
  });

  test('begins to count again when a check finds the group wanted, and goes on after a check that failed', async () => {
    openLedger(ledger('one'));
    const answers = ['closed', 'unknown', 'closed', 'fails', 'closed', 'closed'] as const;
    let next = 0;
    const { keeper, removed } = keeperThatSees(() => {
      const kind = answers[next++] ?? 'unknown';
      return kind === 'fails'
        ? Promise.reject(new Error('no answer'))
        : Promise.resolve(kind === 'closed' ? CLOSED : { kind: 'unknown' });
    });
    for (let check = 0; check < 4; check += 1) await keeper.checkAll();
    expect(removed).toEqual([]);
    await keeper.checkAll();
    expect(removed).toEqual(['one']);
  });
});

test('the lease of a group that its campaign lists is renewed before it expires', async () => {
  const { expiresAtMs } = ledger('one');
  openLedger({ ...ledger('one'), expiresAtMs: Date.now() + 60_000 });
  const line = { campaign: 'c', group: 'g1', host: hostName(), clusters: 2, state: 'idle' };
  const { keeper, removed } = keeperThatSees(() => Promise.resolve({ kind: 'running', groups: [line] }));
  await keeper.checkAll();
  expect(readLedger('one')?.expiresAtMs).toBeGreaterThanOrEqual(expiresAtMs);
  expect(removed).toEqual([]);
});

describe('removing a group', () => {
  test('stops its processes and frees its lease, with the code of teardown', async () => {
    const spec = aSpec();
    openLedger(ledger(spec.slug));
    keepBesideLedger(spec);
    const agent = await startDetached({
      name: 'agent',
      file: process.execPath,
      args: ['-e', 'setInterval(() => undefined, 1000)'],
      cwd: home,
      logPath: join(home, 'agent.log'),
    });
    recordProcess(spec.slug, agent, true);
    writeFileSync(agent.logPath, 'what the agent said\n');
    const evidence = openEvidence(spec);
    const adapters = removalAdapters({ end: () => Promise.resolve() });
    const present = readLedger(spec.slug);
    if (present === undefined) throw new Error('no ledger');
    expect(await removeGroup(present, { log, adapters, signal })).toEqual([]);
    expect(isAlive(agent)).toBe(false);
    expect(readLedger(spec.slug)).toBeUndefined();
    // No other host has its evidence: it stays, and the logs with it.
    expect(readFileSync(join(evidence.folder, 'logs', 'agent.log'), 'utf8')).toBe('what the agent said\n');
  });

  test('sends its evidence before, if the lead still takes it', async () => {
    const spec = aSpec();
    const bench = await endpointBench();
    try {
      const group = { name: 'g1', firstCluster: 0, clusterCount: 2, lead: false };
      const { certificatePem } = bench.access;
      const lead = { ...leadAddress, endpointUrl: bench.url(), certificatePem };
      openLedger({ ...ledger(spec.slug), group: { ...group, leadAddress: lead } });
      keepBesideLedger(spec);
      keepMemberAccess({ slug: spec.slug, campaign: 'bench-1', secret: SECRET, certificatePem });
      const evidence = openEvidence(spec);
      evidence.event({ atMs: 1, stage: 'soak', execution: 1, attempt: 1, what: 'began', detail: 'drive' });
      const present = readLedger(spec.slug) ?? ledger(spec.slug);
      const adapters = removalAdapters({ end: () => Promise.resolve() });
      expect(await removeGroup(present, { log, adapters, signal })).toEqual([]);
      expect(readTimeline(join(bench.folder, 'groups', 'g1'))).toMatchObject([{ stage: 'soak', what: 'began' }]);
      expect(existsSync(evidence.folder), 'the lead has it').toBe(false);
    } finally {
      await bench.close();
    }
  });

  test('removes its evidence where the lead has it', async () => {
    const spec = aSpec();
    openLedger(ledger(spec.slug));
    keepBesideLedger(spec);
    const evidence = openEvidence(spec);
    const adapters = { ...removalAdapters({ end: () => Promise.resolve() }), evidenceWasSent: () => true };
    expect(await removeGroup(ledger(spec.slug), { log, adapters, signal })).toEqual([]);
    expect(existsSync(evidence.folder)).toBe(false);
  });

  test('that never got its specification removes the lease', async () => {
    openLedger(ledger('one'));
    const adapters = removalAdapters({ end: () => Promise.resolve() });
    expect(await removeGroup(ledger('one'), { log, adapters, signal })).toEqual([]);
    expect(readLedger('one')).toBeUndefined();
  });

  test('that has its specification only in its evidence is removed by it, and by that of no other campaign', async () => {
    const spec = aSpec();
    openLedger({ ...ledger(spec.slug), clusters: [cluster] });
    makeCurrent({ ...spec, slug: 'another' });
    const adapters = { ...removalAdapters({ end: () => Promise.resolve() }), removeCluster: () => Promise.resolve() };
    const present = readLedger(spec.slug) ?? ledger(spec.slug);
    expect(await removeGroup(present, { log, adapters, signal })).toEqual(['its specification is gone']);
    makeCurrent({ ...spec, specHash: 'the-right-one' });
    expect(await removeGroup(present, { log, adapters, signal })).toEqual([]);
    expect(readLedger(spec.slug)).toBeUndefined();
  });

  test('that another sweep removes meanwhile is waited for, and nothing is left', async () => {
    const spec = aSpec();
    openLedger({ ...ledger(spec.slug), clusters: [cluster] });
    const adapters = removalAdapters({ end: () => Promise.resolve() });
    const stale = readLedger(spec.slug) ?? ledger(spec.slug);
    expect(await removeGroup(stale, { log, adapters, signal })).toEqual(['its specification is gone']);
    const other = tryProcessLock(join(home, 'locks', `${spec.slug}.removal`));
    const removal = removeGroup(stale, { log, adapters, signal });
    await sleep(300);
    removeCampaignFolder(spec.slug);
    other?.release();
    expect(await removal).toEqual([]);
  });
});
