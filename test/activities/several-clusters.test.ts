import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRamp } from '../../src/activities/ramp.ts';
import { createSteady } from '../../src/activities/steady.ts';
import type { ArrivalsReport } from '../../src/adapters/kube/run-arrivals.ts';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { testHome, type TestHome } from '../adapters/substrates/local-campaign.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { anAttempt } from './an-attempt.ts';
import { specOf } from './campaign-shapes.ts';
import { clustersUp } from './scripted-adapters.ts';
import { scriptedCluster } from './scripted-cluster.ts';
import { storedInput } from './stored-input.ts';

let home: TestHome;
let spec: CampaignSpec;

beforeEach(() => {
  home = testHome();
  const two = specOf({ clusters: 2 });
  spec = { ...two, catalogue: mixedCatalogue, plan: { ...two.plan, totalPods: 6 } };
  clustersUp(spec);
});
afterEach(() => home.close());

const log = pino({ level: 'silent' });

/** Fails when the work in the other cluster has begun. */
function refusedLater(): Promise<never> {
  return new Promise((_, fail) => setImmediate(() => fail(new Error('refused'))));
}

/** Ends some time after its signal has aborted, as a request does. */
function endsByAbort(signal: AbortSignal, onEnd: () => void): Promise<never> {
  return new Promise((_, fail) => {
    const end = (): void => {
      setImmediate(() => {
        onEnd();
        fail(signal.reason as Error);
      });
    };
    signal.addEventListener('abort', end, { once: true });
  });
}

test('a ramp that fails in one cluster has ended in the others before the next attempt begins', async () => {
  let ended = false;
  const clusters = [0, 1].map((index) => scriptedCluster(spec, index, { client: clientOf(() => Promise.resolve()) }));
  const ramp = createRamp(log, {
    observers: { of: () => Promise.resolve(clusters) },
    runArrivals: ({ pods, signal }) =>
      pods === clusters[0]?.load ? refusedLater() : endsByAbort(signal, () => (ended = true)),
  });
  await expect(anAttempt().run(ramp, storedInput(spec, 'ramp'))).rejects.toThrow('refused');
  expect(ended).toBe(true);
});

test('a repair before steadiness that fails in one cluster has ended in the others as well', async () => {
  let ended = false;
  const clients = [clientOf(refusedLater), clientOf((signal) => endsByAbort(signal, () => (ended = true)))];
  const clusters = clients.map((client, index) => scriptedCluster(spec, index, { client }));
  const steady = createSteady(log, { observers: { of: () => Promise.resolve(clusters) } });
  await expect(anAttempt().run(steady, storedInput(spec, 'steady'))).rejects.toThrow('refused');
  expect(ended).toBe(true);
});

test('heartbeats of a load do not grow with the number of its clusters', async () => {
  const sizes = await Promise.all([2, 300].map((clusters) => largestHeartbeat(clusters)));
  expect(sizes[0]).toBeGreaterThan(0);
  expect(sizes[1]).toBeLessThan((sizes[0] ?? 0) + 50);
});

/** Runs a ramp in which every cluster reports. @returns the length of the largest heartbeat */
async function largestHeartbeat(count: number): Promise<number> {
  const shape = specOf({ clusters: count });
  const large = { ...shape, catalogue: mixedCatalogue, slug: `b${count}`, campaign: `with-${count}` };
  clustersUp(large);
  const clusters = Array.from({ length: count }, (_, index) =>
    scriptedCluster(large, index, { client: clientOf(() => Promise.resolve()) }),
  );
  let largest = 0;
  const surroundings = anAttempt();
  surroundings.on('heartbeat', (details: unknown) => {
    largest = Math.max(largest, JSON.stringify(details).length);
  });
  const ramp = createRamp(log, {
    observers: { of: () => Promise.resolve(clusters) },
    runArrivals: async ({ onProgress }) => {
      onProgress({ wanted: 1, lowWater: 1, created: 1, existing: 0, lateMs: 0 });
      return { ...ARRIVALS };
    },
  });
  await surroundings.run(ramp, storedInput(large, 'ramp'));
  return largest;
}

const NOTHING_LATE = { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0, lateCount: 0 };
const ARRIVALS: ArrivalsReport = {
  wanted: 1,
  created: 1,
  existing: 0,
  overdue: 0,
  refilled: 0,
  retries: 0,
  conflicts: 0,
  askedPerSec: undefined,
  achievedPerSec: undefined,
  sentLate: NOTHING_LATE,
  answeredLate: NOTHING_LATE,
};

/** A client of a cluster without Pods, whose lists first wait. */
function clientOf(wait: (signal: AbortSignal) => Promise<void>): ObservedCluster['client'] {
  return {
    list: async (_path, _selection, { signal }) => {
      await wait(signal);
      return { items: [], resourceVersion: '1' };
    },
    create: () => Promise.resolve({ outcome: 'created', attempts: 1 }),
    delete: () => Promise.resolve({ outcome: 'deleted', attempts: 1 }),
    get: () => Promise.resolve(undefined),
    patch: () => Promise.resolve(undefined),
  };
}
