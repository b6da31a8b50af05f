import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createDrive } from '../../src/activities/drive.ts';
import { createRamp } from '../../src/activities/ramp.ts';
import { createSeed, type SeedAdapters } from '../../src/activities/seed.ts';
import { createSoak } from '../../src/activities/soak.ts';
import { createSteady } from '../../src/activities/steady.ts';
import { createWatch } from '../../src/activities/watch.ts';
import type { ArrivalsReport } from '../../src/adapters/kube/run-arrivals.ts';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';
import { podsOfCluster } from '../../src/core/plan/cluster-pods.ts';
import { SOAK_START_MS } from '../../src/core/plan/limits.ts';
import { ACTIVITY_DESCRIPTORS } from '../../src/core/plan/stages/registry.ts';
import { scriptedNodes } from '../adapters/faults/scripted-nodes.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { derived, enteredBy, SHAPES, specOf, type Shape } from './campaign-shapes.ts';
import { fakeTime } from './fake-time.ts';
import { clustersUp } from './scripted-adapters.ts';
import { scriptedCluster, willingClient } from './scripted-cluster.ts';
import { storedInput } from './stored-input.ts';

const LONGER_THAN_ANY_STAGE_MS = 600_000;
const BURST: Shape = {
  clusters: 2,
  profile: {
    loadProfile: {
      ...specOf({ clusters: 1 }).profile.loadProfile,
      demandSteps: [{ atSeconds: 20, targetMultiplier: 1.5 }],
    },
  },
};
const LOAD_SHAPES: readonly (readonly [string, Shape])[] = [...SHAPES, ['demand that rises in the soak', BURST]];

fakeTime();

/** A small campaign of a shape, whose clusters are up. */
function loaded(shape: Shape): CampaignSpec {
  const spec = { ...specOf(shape), catalogue: mixedCatalogue };
  return { ...spec, plan: { ...spec.plan, totalPods: shape.clusters * 3 } };
}

/** Observed clusters with every Pod bound; creations and deletions succeed. */
function observersOf(spec: CampaignSpec): { of: () => Promise<readonly ObservedCluster[]> } {
  const clusters = Array.from({ length: spec.plan.clusterCount }, (_, index) => {
    const client = willingClient(scriptedNodes({ n0: { 'belay.dev/campaign': 'steps' } }, []).client);
    return scriptedCluster(spec, index, { client, present: podsOfCluster(spec.plan, index) });
  });
  return { of: () => Promise.resolve(clusters) };
}

const SEED_ADAPTERS: SeedAdapters = {
  connect: () =>
    Promise.resolve({
      createPriorities: () => Promise.resolve(),
      createNamespace: () => Promise.resolve(),
      createNodes: (bodies) => Promise.resolve({ created: bodies.length, existing: 0 }),
      waitForNodes: () => Promise.resolve(),
      daemonSets: () => Promise.resolve([]),
      tryPods: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }),
  kubelet: () => undefined,
};

const NOTHING_LATE = { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0, lateCount: 0 };
const ARRIVALS: ArrivalsReport = {
  wanted: 3,
  created: 3,
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

/** Runs a stage to its end while time passes at once. */
async function atOnce<T>(running: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(LONGER_THAN_ANY_STAGE_MS);
  return await running;
}

describe.for(LOAD_SHAPES)('with %s', ([, shape]) => {
  const spec = loaded(shape);

  beforeEach(() => {
    clustersUp(spec);
  });

  test('seed enters every step that it derives, and no other', async () => {
    const entered = await enteredBy((log) => createSeed(log, SEED_ADAPTERS), storedInput(spec, 'seed'));
    expect(entered.toSorted()).toEqual(derived(spec, 'seed').toSorted());
  });

  test('ramp enters every step that it derives, and no other', async () => {
    const adapters = { observers: observersOf(spec), runArrivals: () => Promise.resolve(ARRIVALS) };
    const entered = await enteredBy((log) => createRamp(log, adapters), storedInput(spec, 'ramp'));
    expect(entered.toSorted()).toEqual(derived(spec, 'ramp').toSorted());
  });

  test('steady enters every step that it derives, and no other', async () => {
    const adapters = { observers: observersOf(spec) };
    const entered = await atOnce(enteredBy((log) => createSteady(log, adapters), storedInput(spec, 'steady')));
    expect(entered.toSorted()).toEqual(derived(spec, 'steady').toSorted());
  });

  test('soak enters every step that it derives, and no other', async () => {
    const adapters = {
      observers: observersOf(spec),
      openGateReader: () => ({ read: () => Promise.resolve([]), close: () => Promise.resolve() }),
      effectOf: () => undefined,
    };
    const entered = await atOnce(enteredBy((log) => createSoak(log, adapters), storedInput(spec, 'soak')));
    expect(entered.toSorted()).toEqual(derived(spec, 'soak').toSorted());
  });
});

describe.for(LOAD_SHAPES.map(([what, shape]) => [what, { ...shape, placed: true }] as const))(
  'in groups, with %s',
  ([, shape]) => {
    const spec = loaded(shape);

    beforeEach(() => {
      clustersUp(spec);
    });

    test('drive enters every step that it derives, and no other', async () => {
      const adapters = { observers: observersOf(spec), effectOf: () => undefined };
      const input = { ...storedInput(spec, 'soak'), startAtMs: Date.now() + SOAK_START_MS };
      const entered = await atOnce(enteredBy((log) => createDrive(log, adapters), input));
      expect(entered.toSorted()).toEqual(derived(spec, 'drive').toSorted());
    });

    test('watch enters every step that it derives, and no other', async () => {
      const adapters = {
        openGateReader: () => ({ read: () => Promise.resolve([]), close: () => Promise.resolve() }),
      };
      const input = { ...storedInput(spec, 'soak'), startAtMs: Date.now() + SOAK_START_MS, groups: [] };
      const beside = await atOnce(enteredBy((log) => createWatch(log, adapters), input));
      const atTheEnd = { ...input, settledAtMs: Date.now() };
      const after = await atOnce(enteredBy((log) => createWatch(log, adapters), atTheEnd));
      expect([...beside, ...after].toSorted()).toEqual(derived(spec, 'watch').toSorted());
    });
  },
);

test('the shapes have every step of these activities between them', () => {
  for (const activity of ['seed', 'ramp', 'steady', 'soak', 'drive', 'watch'] as const) {
    const shapes = LOAD_SHAPES.map(([, shape]) => ({ ...shape, placed: activity === 'drive' || activity === 'watch' }));
    const seen = new Set(shapes.flatMap((shape) => derived(specOf(shape), activity)));
    expect([...seen].toSorted()).toEqual(Object.keys(ACTIVITY_DESCRIPTORS[activity].steps).toSorted());
  }
});
