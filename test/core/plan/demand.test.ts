import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { churnTimes } from '../../../src/core/plan/churn.ts';
import { demandSchedule, wantedSlots, type Demand } from '../../../src/core/plan/demand.ts';
import type { DemandSpec } from '../../../src/core/plan/demand-parts.ts';
import { demandPeak } from '../../../src/core/plan/demand-peak.ts';
import { drawWorkloads } from '../../../src/core/plan/workload.ts';
import type { Archetype } from '../../../src/core/model/catalogue.ts';
import type { Burst, Profile } from '../../../src/core/model/profile.ts';
import { archetype, catalogue, mixedCatalogue } from './catalogue-samples.ts';
import { aPlan, aProfile } from './make.ts';

type Load = Profile['loadProfile'];

function aSpec(load: Partial<Load>, given: { pods?: number; seed?: number; archetypes?: readonly Archetype[] } = {}) {
  const profile = aProfile();
  return {
    profile: { ...profile, loadProfile: { ...profile.loadProfile, ...load } },
    plan: aPlan({ totalPods: 2 * (given.pods ?? 60), clusterCount: 2 }),
    catalogue: given.archetypes === undefined ? mixedCatalogue : catalogue(given.archetypes),
    randomSeed: given.seed ?? 1,
  } satisfies DemandSpec;
}

function aBurst(change: Partial<Burst> = {}): Burst {
  return { atSeconds: 10, archetype: 'web', extraTarget: 6, durationSeconds: 5, selectivity: 1, ...change };
}

/** The slots that are wanted at a moment, by carrying the operations out; it fails at one that does not fit what is there. */
function carriedOut({ base, operations }: Demand, untilMs = Number.POSITIVE_INFINITY): ReadonlyMap<number, number> {
  const live = new Map(Array.from({ length: base }, (_, slot) => [slot, 0]));
  const last = new Map<number, number>();
  let atMs = 0;
  for (const { kind, slot, generation, ...operation } of operations) {
    expect(operation.atMs).toBeGreaterThanOrEqual(atMs);
    atMs = operation.atMs;
    if (atMs > untilMs) break;
    expect(live.has(slot), `${kind} of slot ${slot} at ${atMs}`).toBe(kind !== 'create');
    const before = last.get(slot) ?? 0;
    expect(generation).toBe(kind === 'delete' ? before : before + 1);
    last.set(slot, generation);
    if (kind === 'delete') live.delete(slot);
    else live.set(slot, generation);
  }
  return live;
}

// Below 0: in the ramp, of upstream's driver.
const seconds = fc.integer({ min: -20, max: 60 });
const changes = fc.array(
  fc.record({ atSeconds: seconds, targetMultiplier: fc.constantFrom(0.1, 0.29, 0.5, 0.75, 1, 1.2, 2) }),
  { maxLength: 4 },
);
const loads = fc.record({
  soakSeconds: fc.integer({ min: 1, max: 60 }),
  churnPerMinute: fc.constantFrom(0, 0.3, 2),
  scaleDowns: changes.map((drops) => drops.filter(({ targetMultiplier }) => targetMultiplier < 1)),
  demandSteps: changes,
  bursts: fc.array(
    fc.record({
      atSeconds: seconds,
      archetype: fc.constantFrom('web', 'train', 'spike', 'memory-cache'),
      extraTarget: fc.integer({ min: 0, max: 30 }),
      durationSeconds: fc.constantFrom(0, 1, 10),
      selectivity: fc.constantFrom(0, 0.5, 1),
    }),
    { maxLength: 3 },
  ),
  openLoopDemandMultiplier: fc.constantFrom(0, 1, 1.5),
});
const mortal = mixedCatalogue.archetypes.map((each) =>
  each.name === 'web' || each.name === 'spike' ? { ...each, meanLifetimeSeconds: 20 } : each,
);

test('without anything but churn, the schedule is the churn', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.float({ min: 0, max: 3, noNaN: true }),
      fc.integer({ min: 0, max: 100 }),
      fc.integer({ min: 0, max: 1_000 }),
      (pods, churnPerMinute, soakSeconds, seed) => {
        const demand = demandSchedule(aSpec({ churnPerMinute, soakSeconds }, { pods, seed }), 1);
        const churn = churnTimes({ pods, churnPerMinute, durationMs: soakSeconds * 1_000, seed, clusterIndex: 1 });
        expect(demand.operations).toEqual(churn.map((operation) => ({ ...operation, kind: 'replace' })));
        expect(demand.workloads).toEqual(drawWorkloads(mixedCatalogue, pods, seed, 1));
        expect(demand.bindable).toEqual(demand.workloads);
      },
    ),
  );
});

test('whatever is asked for: each operation fits what is there, and what is there is what is wanted', () => {
  fc.assert(
    fc.property(loads, fc.integer({ min: 1, max: 120 }), fc.integer({ min: 0, max: 1 }), (load, pods, clusterIndex) => {
      const spec = aSpec(load, { pods, archetypes: mortal });
      const demand = demandSchedule(spec, clusterIndex);
      expect(demandSchedule(spec, clusterIndex).operations).toEqual(demand.operations);
      const moments = demand.operations.map(({ atMs }) => atMs);
      expect(Math.max(0, ...moments)).toBeLessThanOrEqual(load.soakSeconds * 1_000);
      const bindable = demand.bindable.reduce((sum, { replicas }) => sum + replicas, 0);
      const peak = demandPeak(spec.profile, spec.plan, spec.catalogue);
      for (const atMs of new Set([-1, 0, ...moments.filter((_, index) => index % 7 === 0), ...moments.slice(-1)])) {
        const live = [...carriedOut(demand, atMs).keys()];
        const inPlace = live.filter((slot) => slot < bindable).length;
        expect(demand.wanted(atMs)).toMatchObject({ pods: live.length, bindable: inPlace });
        expect(inPlace).toBeLessThanOrEqual(pods + peak.bindable);
        expect(live.length - inPlace).toBeLessThanOrEqual(peak.extra);
      }
      const half = Math.floor(demand.operations.length / 2);
      const halfway = { ...demand, operations: demand.operations.slice(0, half) };
      expect(wantedSlots(demand, half)).toEqual(new Set(carriedOut(halfway).keys()));
    }),
    { numRuns: 200 },
  );
});

/** Pods wanted at a second of the soak. */
function at(demand: Demand, atSeconds: number): number {
  return demand.wanted(atSeconds * 1_000).pods;
}

function level(load: Partial<Load>, atSeconds: number, pods = 100): number {
  return at(demandSchedule(aSpec({ soakSeconds: 60, ...load }, { pods }), 0), atSeconds);
}

function burstOf(change: Partial<Burst>): Demand {
  return demandSchedule(aSpec({ soakSeconds: 60, bursts: [aBurst(change)] }), 0);
}

/** Which of 400 clusters have anything to do. */
function met(spec: DemandSpec): readonly boolean[] {
  const wide = { ...spec, plan: aPlan({ clusterCount: 400, totalPods: 400 }) };
  return Array.from({ length: 400 }, (_, index) => demandSchedule(wide, index).operations.length > 0);
}

describe('scale-downs and demand steps', () => {
  test('the target is a multiple of the ramp’s, from its moment on', () => {
    const load = {
      scaleDowns: [{ atSeconds: 10, targetMultiplier: 0.5 }],
      demandSteps: [
        { atSeconds: 30, targetMultiplier: 1.5 },
        { atSeconds: 20, targetMultiplier: 1 },
      ],
    };
    expect([0, 9.999, 10, 20, 29.999, 30, 60].map((at) => level(load, at))).toEqual([100, 100, 50, 100, 100, 150, 150]);
    // 100 x 0.29 is 28.999999999999996 in binary.
    expect(level({ demandSteps: [{ atSeconds: 5, targetMultiplier: 0.29 }] }, 5)).toBe(29);
    expect(level({ demandSteps: [{ atSeconds: 5, targetMultiplier: 0.5 }] }, 5, 5)).toBe(2);
  });

  test('of those in the ramp the last one is the level that the soak begins with', () => {
    const scaleDowns = [{ atSeconds: -6, targetMultiplier: 0.5 }];
    const demandSteps = [{ atSeconds: -12, targetMultiplier: 1.5 }];
    expect([0, 1].map((second) => level({ scaleDowns, demandSteps }, second))).toEqual([50, 50]);
    const later = [{ atSeconds: -3, targetMultiplier: 1 }];
    expect(level({ scaleDowns, demandSteps: [...demandSteps, ...later] }, 0)).toBe(100);
  });

  test('a scale-down never raises the level', () => {
    const scaleDowns = [
      { atSeconds: 10, targetMultiplier: 0.5 },
      { atSeconds: 20, targetMultiplier: 0.8 },
    ];
    expect(level({ scaleDowns }, 20)).toBe(50);
  });

  test('what counts from after the end of the soak never comes', () => {
    expect(level({ demandSteps: [{ atSeconds: 60, targetMultiplier: 0.5 }] }, 100)).toBe(100);
  });

  test('the largest workloads go first, and come back into their slots', () => {
    const demand = demandSchedule(
      aSpec(
        {
          soakSeconds: 60,
          demandSteps: [
            { atSeconds: 10, targetMultiplier: 0.5 },
            { atSeconds: 20, targetMultiplier: 1 },
          ],
        },
        { pods: 300, seed: 5 },
      ),
      0,
    );
    const kept = new Set(carriedOut(demand, 10_000).keys());
    const shares = demand.workloads.map(({ firstSlot, replicas }) => ({
      replicas,
      kept: Array.from({ length: replicas }, (_, replica) => kept.has(firstSlot + replica)).filter(Boolean).length,
    }));
    const gone = shares.filter((one) => one.kept === 0);
    const whole = shares.filter((one) => one.kept === one.replicas);
    expect(gone.length + whole.length).toBeGreaterThanOrEqual(shares.length - 1);
    expect(Math.min(...gone.map(({ replicas }) => replicas))).toBeGreaterThanOrEqual(
      Math.max(...whole.map(({ replicas }) => replicas)),
    );
    expect([...carriedOut(demand).keys()].toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 300 }, (_, slot) => slot),
    );
  });

  test('Pods that are not wanted are not replaced; those that steps add are', () => {
    const down = demandSchedule(
      aSpec({ soakSeconds: 60, churnPerMinute: 1, scaleDowns: [{ atSeconds: 0, targetMultiplier: 0.5 }] }),
      0,
    );
    expect(down.operations.filter(({ kind }) => kind === 'replace')).toHaveLength(30);
    const up = demandSchedule(
      aSpec({ soakSeconds: 60, churnPerMinute: 1, demandSteps: [{ atSeconds: 0, targetMultiplier: 2 }] }),
      0,
    );
    expect(up.operations.filter(({ kind }) => kind === 'replace')).toHaveLength(120);
  });
});

describe('bursts', () => {
  test('come on top at their moment and go after their time, without touching a Pod of the ramp', () => {
    const demand = burstOf({});
    expect([9.999, 10, 14.999, 15, 60].map((second) => at(demand, second))).toEqual([60, 66, 66, 60, 60]);
    expect(demand.workloads.slice(0, demand.workloads.length - 1)).toEqual(
      expect.arrayContaining([...drawWorkloads(mixedCatalogue, 60, 1)]),
    );
    expect(demand.operations.every(({ slot }) => slot >= 60)).toBe(true);
  });

  test('stay when they have no duration, or one that goes beyond the soak', () => {
    expect(at(burstOf({ durationSeconds: 0 }), 60)).toBe(66);
    expect(at(burstOf({ durationSeconds: 50 }), 60)).toBe(66);
  });

  test('that began in the ramp are there from the start, until their own end, and those that are over never come', () => {
    const begun = burstOf({ atSeconds: -3, durationSeconds: 5 });
    expect([0, 1.999, 2].map((second) => at(begun, second))).toEqual([66, 66, 60]);
    expect(burstOf({ atSeconds: -3, durationSeconds: 3 }).operations).toEqual([]);
    expect(at(burstOf({ atSeconds: -3, durationSeconds: 0 }), 60)).toBe(66);
  });

  test('gangs come whole, services to the Pod', () => {
    const gangs = burstOf({ archetype: 'train', extraTarget: 1 });
    const [gang] = gangs.workloads.slice(-1);
    expect(at(gangs, 10)).toBe(60 + (gang?.replicas ?? 0));
    expect(gang).toMatchObject({ archetype: 'train', together: 'zone' });
    expect(gang?.replicas).toBeGreaterThanOrEqual(2);
    expect(at(burstOf({ archetype: 'spike', extraTarget: 33 }), 10)).toBe(93);
    expect(at(burstOf({ extraTarget: 0 }), 10)).toBe(60);
  });

  test('that overlap do not drain one another', () => {
    const bursts = [aBurst(), aBurst({ atSeconds: 12, durationSeconds: 20, extraTarget: 4 })];
    const demand = demandSchedule(aSpec({ soakSeconds: 60, bursts }), 0);
    expect([11, 12, 15, 31, 32].map((second) => at(demand, second))).toEqual([66, 70, 64, 64, 60]);
  });

  test('meet the share of the clusters that they select, those of one moment the same ones', () => {
    const spec = aSpec({ soakSeconds: 60, bursts: [aBurst({ selectivity: 0.3 })] });
    const share = met(spec).filter(Boolean).length / 400;
    expect(share).toBeGreaterThan(0.22);
    expect(share).toBeLessThan(0.38);
    expect(met({ ...spec, randomSeed: 2 })).toEqual(met(spec));
    expect(at(burstOf({ selectivity: 0 }), 10)).toBe(60);
  });
});

test('lives end at the rate of Pods over mean life, of mortal archetypes only', () => {
  const archetypes = [
    archetype({ name: 'batch', meanLifetimeSeconds: 100, groupSizeRange: [1, 1] }),
    archetype({ name: 'service', groupSizeRange: [1, 1] }),
  ];
  const demand = demandSchedule(aSpec({ soakSeconds: 300 }, { pods: 2_000, archetypes }), 0);
  const kinds = new Map(demand.workloads.map((workload) => [workload.firstSlot, workload.archetype]));
  expect(new Set(demand.operations.map(({ slot }) => kinds.get(slot)))).toEqual(new Set(['batch']));
  expect(new Set(demand.operations.map(({ kind }) => kind))).toEqual(new Set(['replace']));
  const mortals = [...kinds.values()].filter((name) => name === 'batch').length;
  const perPod = demand.operations.length / mortals;
  expect(perPod).toBeGreaterThan(2.8);
  expect(perPod).toBeLessThan(3.2);
});

test('open-loop demand is there from the start of the soak, and nobody counts on it to be bound', () => {
  const demand = demandSchedule(aSpec({ soakSeconds: 60, openLoopDemandMultiplier: 1.5 }), 0);
  expect(demand.wanted(-1)).toEqual({ pods: 60, bindable: 60 });
  expect(demand.wanted(0)).toMatchObject({ pods: 90, bindable: 60 });
  expect(demand.operations.map(({ kind, atMs }) => [kind, atMs])).toEqual(
    Array.from({ length: 30 }, () => ['create', 0]),
  );
  expect(demand.bindable).toEqual(drawWorkloads(mixedCatalogue, 60, 1));
  expect(demandSchedule(aSpec({ openLoopDemandMultiplier: 1 }), 0).workloads).toEqual(demand.bindable);
});
