import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { teardownAdapters } from '../../src/activities/all.ts';
import { removeGroup } from '../../src/activities/remove-group.ts';
import { openEvidence } from '../../src/adapters/evidence/evidence-folder.ts';
import { keepBesideLedger } from '../../src/adapters/evidence/spec-store.ts';
import { hostName } from '../../src/adapters/host/host-queues.ts';
import { openLedger, readLedger, recordProcess, type Ledger } from '../../src/adapters/host/ledger.ts';
import { isAlive, startDetached } from '../../src/adapters/host/processes.ts';
import type { CampaignSeen } from '../../src/core/campaign/group-fate.ts';
import { GroupKeeper } from '../../src/worker/group-keeper.ts';
import { aSpec } from '../workflows/make-spec.ts';

const leadAddress = { host: 'a', endpointUrl: 'https://a:1', prometheusUrl: 'https://a:2', certificatePem: 'PEM' };
const log = pino({ level: 'silent' });
const { signal } = new AbortController();

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
    const evidence = openEvidence(spec);
    const adapters = teardownAdapters({ end: () => Promise.resolve() });
    const present = readLedger(spec.slug);
    if (present === undefined) throw new Error('no ledger');
    expect(await removeGroup(present, { log, adapters, signal })).toEqual([]);
    expect(isAlive(agent)).toBe(false);
    expect(readLedger(spec.slug)).toBeUndefined();
    expect(existsSync(evidence.folder), 'no other host has its evidence').toBe(true);
  });

  test('removes its evidence where the lead has it', async () => {
    const spec = aSpec();
    openLedger(ledger(spec.slug));
    keepBesideLedger(spec);
    const evidence = openEvidence(spec);
    const adapters = { ...teardownAdapters({ end: () => Promise.resolve() }), evidenceWasSent: () => true };
    expect(await removeGroup(ledger(spec.slug), { log, adapters, signal })).toEqual([]);
    expect(existsSync(evidence.folder)).toBe(false);
  });

  test('that never got its specification removes the lease', async () => {
    openLedger(ledger('one'));
    const adapters = teardownAdapters({ end: () => Promise.resolve() });
    expect(await removeGroup(ledger('one'), { log, adapters, signal })).toEqual([]);
    expect(readLedger('one')).toBeUndefined();
  });
});
