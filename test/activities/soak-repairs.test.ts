import { pino } from 'pino';
import { expect, test, vi } from 'vitest';
import { repairWhileRunning, type RepairableLoad } from '../../src/activities/repairs.ts';
import { createSoak } from '../../src/activities/soak.ts';
import { writeLedger } from '../../src/adapters/host/ledger.ts';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { aPlan } from '../core/plan/make.ts';
import { aSpec, shortDeadlines } from '../workflows/make-spec.ts';
import { anAttempt } from './an-attempt.ts';
import { fakeTime } from './fake-time.ts';
import { scriptedCluster } from './scripted-cluster.ts';
import { storedInput } from './stored-input.ts';

const SLOW_LIST_MS = 20_000;

fakeTime();

/** A cluster without Pods whose lists, after the first, take `listMs`. */
function emptyCluster(listMs: number): { readonly client: ObservedCluster['client']; lists: number } {
  const cluster: ReturnType<typeof emptyCluster> = {
    lists: 0,
    client: {
      list: async (_, { fieldSelector }) => {
        const isFirst = fieldSelector !== undefined || cluster.lists++ === 0;
        if (!isFirst) await new Promise((wake) => setTimeout(wake, listMs));
        return { items: [], resourceVersion: '1' };
      },
      create: () => Promise.resolve({ outcome: 'created', attempts: 1 }),
      delete: () => Promise.resolve({ outcome: 'deleted', attempts: 1 }),
      get: () => Promise.resolve(undefined),
      patch: () => Promise.resolve(undefined),
    },
  };
  return cluster;
}

test('a cluster whose repairs are slow delays neither the gates nor the repairs of the others', async () => {
  const { budgets, ...deadlines } = shortDeadlines({ soak: { attemptMs: 600_000 } });
  const spec = aSpec({
    slug: 'bslow',
    campaign: 'slow',
    catalogue: mixedCatalogue,
    plan: aPlan({ clusterCount: 2, totalPods: 4 }),
    deadlines: { ...deadlines, budgets: { ...budgets, gateIntervalMs: 5_000, queryMs: 60_000 } },
  });
  const cluster = { kubeconfigPath: '', context: '', owned: true, uid: 'u' };
  writeLedger({
    campaign: spec.campaign,
    slug: spec.slug,
    workflowId: '',
    runId: '',
    createdAtMs: 0,
    expiresAtMs: Date.now() + 600_000,
    clusters: [0, 1].map((index) => ({ ...cluster, index, name: `c${index}` })),
    processes: [],
  });
  const [slow, quick] = [emptyCluster(SLOW_LIST_MS), emptyCluster(0)];
  const reads: string[] = [];
  const soak = createSoak(pino({ level: 'silent' }), {
    observers: {
      of: () => Promise.resolve([scriptedCluster(spec, 0, slow), scriptedCluster(spec, 1, quick)]),
    },
    openGateReader: () => ({
      read: ({ only }) => {
        reads.push(only);
        return Promise.resolve([]);
      },
      close: () => Promise.resolve(),
    }),
    effectOf: () => undefined,
  });
  const env = anAttempt();
  const running = env.run(soak, storedInput(spec, 'soak'));
  await vi.advanceTimersByTimeAsync(120_000);
  await running;
  // One check each 5 s of the 60 s, and all gates at the end.
  expect(reads).toEqual([...Array<string>(11).fill('failFast'), 'all']);
  expect(slow.lists).toBeLessThan(8);
  expect(quick.lists).toBeGreaterThan(50);
});

test('a load is repaired once at a time, and only while Pods are missing', async () => {
  const stop = new AbortController();
  let underWay = 0;
  let most = 0;
  let repairs = 0;
  const load: RepairableLoad = {
    isMissingPods: () => repairs < 3,
    mend: async () => {
      most = Math.max(most, ++underWay);
      await new Promise((wake) => setTimeout(wake, 3_500));
      underWay--;
      repairs++;
    },
  };
  const ended = expect(repairWhileRunning([load], stop.signal)).rejects.toThrow('enough');
  await vi.advanceTimersByTimeAsync(60_000);
  stop.abort(new Error('enough'));
  await ended;
  expect({ most, repairs, underWay }).toEqual({ most: 1, repairs: 3, underWay: 0 });
});

test('at most sixteen loads are repaired at once, and each gets its turn', async () => {
  const stop = new AbortController();
  let underWay = 0;
  let most = 0;
  const repaired = new Set<number>();
  const loads = Array.from({ length: 40 }, (_, index): RepairableLoad => ({
    isMissingPods: () => true,
    mend: async () => {
      most = Math.max(most, ++underWay);
      await new Promise((wake) => setTimeout(wake, 100));
      underWay--;
      repaired.add(index);
    },
  }));
  const ended = expect(repairWhileRunning(loads, stop.signal)).rejects.toThrow('enough');
  await vi.advanceTimersByTimeAsync(900);
  stop.abort(new Error('enough'));
  await vi.advanceTimersByTimeAsync(200);
  await ended;
  expect(most).toBe(16);
  expect(repaired.size).toBe(40);
});

test('a repair that fails ends the repairs with its error', async () => {
  const failing: RepairableLoad = { isMissingPods: () => true, mend: () => Promise.reject(new Error('refused')) };
  await expect(repairWhileRunning([failing], new AbortController().signal)).rejects.toThrow('refused');
});

test('a repair that fails ends the repairs that are under way', async () => {
  let ended = false;
  const slow: RepairableLoad = {
    isMissingPods: () => true,
    mend: (signal) =>
      new Promise((_, fail) =>
        signal.addEventListener('abort', () =>
          setTimeout(() => {
            ended = true;
            fail(signal.reason as Error);
          }, 100),
        ),
      ),
  };
  const failing: RepairableLoad = { isMissingPods: () => true, mend: () => Promise.reject(new Error('refused')) };
  const repairs = repairWhileRunning([slow, failing], new AbortController().signal).catch((error: unknown) => ({
    error,
    ended,
  }));
  await vi.advanceTimersByTimeAsync(200);
  expect(await repairs).toEqual({ error: new Error('refused'), ended: true });
});
