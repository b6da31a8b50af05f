import { describe, expect, it } from 'vitest';
import { cost } from '../../../src/core/plan/cost.ts';
import { helmValues } from '../../../src/core/bigfleet/system/helm-values.ts';
import { chartInputs, chartValues } from '../../../src/core/plan/chart-values.ts';
import { makePlan, rampNote } from '../../../src/core/plan/make-plan.ts';
import { rampBudget } from '../../../src/core/model/ramp-budget.ts';
import {
  allocateMachines,
  expectedReplicas,
  gangFloor,
  machinesForPods,
  podsPerMachine,
} from '../../../src/core/plan/seed-sizing.ts';
import { isStateful } from '../../../src/core/plan/service-sizes.ts';
import { targetKind } from '../../../src/core/verdict/target-kind.ts';
import { ceilDiv } from '../../../src/core/plan/whole-numbers.ts';
import type { System } from '../../../src/core/model/system.ts';
import cases from '../../cases/bigfleet-plan.json' with { type: 'json' };
import { anArchetype, aCatalogue, caseProfile, caseSubstrate, catalogueOf, podsOf } from './make.ts';

const oneKind = aCatalogue({ archetypes: [anArchetype({ name: 'cpu', weight: 1 })] });

function shards(set: Record<string, unknown>): number {
  return makePlan(caseProfile(set), caseSubstrate({}), oneKind).shardReplicas;
}

/** Value at a dotted path. */
function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}

describe('makePlan agrees with the recorded geometry', () => {
  it.each(cases.merge.map((each, index) => ({ index, ...each })))('case $index', ({ profile, substrate, expected }) => {
    const tested = caseProfile(profile);
    const where = caseSubstrate(substrate);
    const plan = makePlan(tested, where, oneKind);
    const seen: Record<string, unknown> = {
      ...plan,
      demandPodsPerSec: Number(plan.rampDemandPodsPerSec.toFixed(2)),
      supplyPodsPerSec: plan.rampSupplyPodsPerSec,
      durationHours: cost(1, 1, tested.loadProfile.rampSeconds, tested.loadProfile.soakSeconds).hours,
    };
    for (const [key, value] of Object.entries(expected)) {
      if (key === 'noteContains') expect(rampNote(plan)).toContain(value);
      else expect(seen[key], key).toBe(value);
    }
    expect(podsOf(plan).reduce((sum, pods) => sum + pods, 0)).toBe(plan.totalPods);
  });

  it('says where the ramp will tail off, and does not refuse it', () => {
    const plan = makePlan(caseProfile({ 'loadProfile.rampSeconds': 60 }), caseSubstrate({}), oneKind);
    expect(plan.rampFeasible).toBe(false);
    expect(rampNote(plan)).toContain('ramp will tail off');
  });

  it('costs hosts x price x (ramp + soak + 600 s)', () => {
    const plan = makePlan(
      caseProfile({ 'loadProfile.rampSeconds': 3600, 'loadProfile.soakSeconds': 3600 }),
      caseSubstrate({ 'cluster.clustersPerHost': 8, 'costEstimate.perHostUsdPerHour': 0.85 }),
      oneKind,
    );
    expect(plan.hostsNeeded).toBe(26);
    expect(plan.usdPerHour).toBeCloseTo(22.1, 10);
    expect(plan.estimatedUsd).toBeCloseTo(47.883, 3);
  });

  it('asks for exactly machines x density where the clusters do not divide it', () => {
    const plan = makePlan(
      caseProfile({ 'scale.machines': 50, 'scale.density': 100 }),
      caseSubstrate({ 'cluster.podsPerCluster': 10_000 }),
      oneKind,
    );
    expect(podsOf(plan)).toEqual([5_000]);
    const odd = makePlan(
      caseProfile({ 'scale.machines': 1_001, 'scale.density': 1 }),
      caseSubstrate({ 'cluster.podsPerCluster': 250 }),
      oneKind,
    );
    expect(podsOf(odd)).toEqual([201, 200, 200, 200, 200]);
  });

  it('takes shards from the machines, or from the topology', () => {
    expect(shards({ 'scale.machines': 500_000 })).toBe(1);
    expect(shards({ 'scale.machines': 500_001 })).toBe(2);
    expect(shards({ 'scale.machines': 50, 'topology.shardReplicas': 4 })).toBe(4);
  });

  it('refuses a scale that would not fit into memory', () => {
    expect(() => makePlan(caseProfile({ 'scale.machines': 1e12 }), caseSubstrate({}), oneKind)).toThrow(
      /scale\.machines 1000000000000 x scale\.density 100 .* allowed: at most 1000000/,
    );
  });
});

describe('ceilDiv', () => {
  it.each(cases.ceilDiv)('$a / $b', ({ a, b, expected }) => {
    if (expected === null) expect(() => ceilDiv(a, b)).toThrow(RangeError);
    else expect(ceilDiv(a, b)).toBe(expected);
  });
});

describe('rampBudget', () => {
  it.each(cases.rampBudget)(
    '$totalPods Pods, soak $soakSeconds s',
    ({ rampBudget: own, totalPods, soakSeconds, seconds, clause }) => {
      // Text that is no duration counts as unset; the parser refuses it before it comes here.
      expect(/^\d/.test(own)).toBe(false);
      const budget = rampBudget(0, totalPods, soakSeconds);
      expect(budget.ms).toBe(seconds * 1_000);
      expect(budget.clause).toContain(clause);
    },
  );

  it('takes the profile at its word, also below the floor', () => {
    expect(rampBudget(600_000, 5_000_000, 9_000)).toEqual({ ms: 600_000, clause: 'rampBudget of the profile' });
  });

  it('grows with the Pods', () => {
    expect(rampBudget(0, 999_000, 1_800)).toEqual({ ms: 1_333_000, clause: '999000 Pods / 750 a second + 1 s' });
  });
});

describe('seed sizing', () => {
  it.each(cases.machinesForPods.map((each, index) => ({ index, ...each })))(
    'machinesForPods, case $index',
    ({ archetypes, density, totalPods, expected }) => {
      expect(machinesForPods(archetypes.map(anArchetype), density, totalPods)).toBe(expected);
    },
  );

  it.each([
    ['realistic-dev', 5_000, 610],
    ['realistic', 500_000, 5_784],
    ['realistic', 5_000_000, 56_892],
  ])('%s at %i Pods', (name, pods, machines) => {
    expect(machinesForPods(catalogueOf(name).archetypes, 100, pods)).toBe(machines);
  });

  it.each(cases.podsPerMachine.map((each, index) => ({ index, ...each })))('podsPerMachine, case $index', (each) => {
    expect(podsPerMachine(anArchetype(each), each.density)).toBe(each.expected);
  });

  it('packs what the archetype says, before anything else', () => {
    expect(podsPerMachine(anArchetype({ podsPerNode: 8, resources: { 'nvidia.com/gpu': '1' } }), 100)).toBe(8);
    expect(podsPerMachine(anArchetype({ resources: { cpu: '1', 'ephemeral-storage': '1Gi' } }), 100)).toBe(100);
  });

  it.each(cases.expectedReplicas.map((each, index) => ({ index, ...each })))(
    'expectedReplicas, case $index',
    (each) => {
      expect(expectedReplicas(anArchetype(each))).toBeCloseTo(each.expected, 10);
    },
  );

  it('caps services that keep state, but not gangs', () => {
    expect(expectedReplicas(anArchetype({ name: 'stateful-db' }))).toBeCloseTo(10.05, 10);
    expect(expectedReplicas(anArchetype({ name: 'memory-cache', sameRack: true, groupSizeRange: [3, 5] }))).toBe(4);
    expect(expectedReplicas(anArchetype({ sameRack: true }))).toBe(1);
  });

  it.each(Object.entries(cases.isStateful))('isStateful %s', (name, expected) => {
    expect(isStateful(name)).toBe(expected);
  });

  it('splits a tier by largest remainder, exactly', () => {
    const three = ['a', 'b', 'c'].map((name) => anArchetype({ name, weight: 3 }));
    for (const total of [1, 2, 10, 99, 100]) {
      expect(allocateMachines(three, 1, total).reduce((sum, part) => sum + part, 0)).toBe(total);
    }
    expect(allocateMachines(three, 1, 0)).toEqual([0, 0, 0]);
    expect(allocateMachines(three, 1, -3)).toEqual([0, 0, 0]);
  });

  it('lifts a gang to its floor, and gives whole machines more than packed ones', () => {
    const gang = anArchetype({ name: 'gang', sameRack: true, groupSizeRange: [4, 8] });
    expect(gangFloor(gang)).toBe(8);
    expect(gangFloor({ ...gang, burstOnly: true })).toBe(0);
    expect(allocateMachines([gang], 100, 3)).toEqual([8]);
    const [cpu, gpu] = allocateMachines(
      [
        anArchetype({ name: 'cpu', weight: 70 }),
        anArchetype({ name: 'gpu', weight: 1, resources: { 'nvidia.com/gpu': '1' } }),
      ],
      100,
      1_000,
    );
    expect(gpu).toBeGreaterThan(cpu ?? Infinity);
    expect((cpu ?? 0) + (gpu ?? 0)).toBe(1_000);
  });

  it('mixes the realistic catalogue as recorded', () => {
    const { archetypes } = catalogueOf('realistic');
    const total = 1_000_000;
    const parts = allocateMachines(archetypes, 100, total);
    const percent = new Map(archetypes.map(({ name }, index) => [name, (100 * (parts[index] ?? 0)) / total]));
    for (const [name, [value = 0, tolerance = 0]] of Object.entries(cases.machineMixPercent.tolerancePctPoints)) {
      expect(Math.abs((percent.get(name) ?? Number.NaN) - value), name).toBeLessThanOrEqual(tolerance);
    }
    const gpu = [...percent]
      .filter(([name]) => name.startsWith('gpu'))
      .reduce((sum, [, value]) => sum + value / 100, 0);
    expect(gpu).toBeGreaterThan(cases.machineMixPercent.gpuTotalBand[0] ?? 1);
    expect(gpu).toBeLessThan(cases.machineMixPercent.gpuTotalBand[1] ?? 0);
  });

  it('gives the plan its tiers by archetype', () => {
    const profile = caseProfile({
      'scale.machines': 50,
      'seed.configuredFraction': 1,
      'seed.speculativeMultiplier': 5,
      'seed.idleHeadroomFraction': 1.2,
    });
    const plan = makePlan(profile, caseSubstrate({ 'cluster.podsPerCluster': 10_000 }), catalogueOf('realistic-dev'));
    expect(plan.machinesEffective).toBe(610);
    expect(plan.seed.reduce((sum, row) => sum + row.machines, 0)).toBe(610);
    expect(plan.seed.reduce((sum, row) => sum + row.expectedPods, 0)).toBe(5_000);
    const sum = (tier: 'configured' | 'idle' | 'speculative' | 'spot'): number =>
      plan.seed.reduce((all, row) => all + row[tier], 0);
    expect(sum('configured')).toBeGreaterThanOrEqual(610);
    expect(sum('idle')).toBeGreaterThanOrEqual(732);
    expect(sum('speculative')).toBeGreaterThanOrEqual(3_050);
    expect(sum('spot')).toBe(0);
    for (const row of plan.seed) expect(row.configured).toBeGreaterThanOrEqual(row.gangFloor);
  });

  it('seeds for the seed archetypes where a catalogue has some', () => {
    const catalogue = aCatalogue({
      archetypes: [anArchetype({ name: 'both' })],
      seedArchetypes: [anArchetype({ name: 'seeded' })],
    });
    expect(makePlan(caseProfile({}), caseSubstrate({}), catalogue).seed.map((row) => row.archetype)).toEqual([
      'seeded',
    ]);
  });
});

describe('helmValues', () => {
  it.each(cases.helmValues.map((each, index) => ({ index, ...each })))('case $index', ({ profile, expected }) => {
    const tested = caseProfile(profile);
    const substrate = caseSubstrate({});
    const values = helmValues(
      chartInputs({ profile: tested, substrate, plan: makePlan(tested, substrate, oneKind), catalogue: oneKind }),
    );
    for (const [path, value] of Object.entries(expected)) expect(at(values, path), path).toEqual(value);
  });

  it('passes on actions without the clusters that they are for, which the chart does not know', () => {
    const substrate = caseSubstrate({});
    const profile = { ...caseProfile({}), runnerActions: [{ atSeconds: 5, action: 'fail-node', on: 'each' as const }] };
    const plan = makePlan(profile, substrate, oneKind);
    const values = helmValues(chartInputs({ profile, substrate, plan, catalogue: oneKind }));
    expect(at(values, 'runnerActions')).toEqual([{ atSeconds: 5, action: 'fail-node' }]);
  });

  it('has optional keys only where they are set', () => {
    const substrate = caseSubstrate({});
    const render = (set: Record<string, unknown>): Readonly<Record<string, unknown>> => {
      const profile = caseProfile(set);
      return helmValues(
        chartInputs({ profile: profile, substrate, plan: makePlan(profile, substrate, oneKind), catalogue: oneKind }),
      );
    };
    const bare = render({});
    expect(at(bare, 'loadProfile.openLoopDemandMultiplier')).toBeUndefined();
    expect(at(bare, 'loadProfile.bursts')).toBeUndefined();
    expect(at(bare, 'shard.failureRatePerSec')).toBeUndefined();
    expect(at(bare, 'shard.seedSpot')).toBe(0);
    const full = render({
      'loadProfile.openLoopDemandMultiplier': 1.5,
      'loadProfile.scaleDowns': [{ atSeconds: 600, targetMultiplier: 0.5 }],
      'loadProfile.demandSteps': [
        { atSeconds: 60, targetMultiplier: 0.5 },
        { atSeconds: -1_080, targetMultiplier: 0.8 },
      ],
      'shard.failureRatePerSec': 5.8e-6,
      rampBudgetMs: 3_600_000,
      'slo.expectPreemptions': true,
    });
    expect(at(full, 'loadProfile.openLoopDemandMultiplier')).toBe(1.5);
    // 600 s into the soak, with a ramp of 1,800 s before it.
    expect(at(full, 'shard.speculativeShedAtSeconds')).toBe(2_400);
    expect(at(full, 'loadProfile.scaleDowns')).toEqual([{ atSeconds: 2_400, targetMultiplier: 0.5 }]);
    // What lies in the ramp has its own moment for the driver.
    expect(at(full, 'loadProfile.demandSteps')).toEqual([
      { atSeconds: 1_860, targetMultiplier: 0.5 },
      { atSeconds: 720, targetMultiplier: 0.8 },
    ]);
    expect(at(full, 'shard.speculativeShedMultiplier')).toBe(0.5);
    expect(at(full, 'shard.failureRatePerSec')).toBe(5.8e-6);
    expect(full['rampBudget']).toBe('3600s');
    expect(at(full, 'slo.expectPreemptions')).toBe(true);
    expect(
      at(
        render({ 'loadProfile.demandSteps': [{ atSeconds: 60, targetMultiplier: 0.5 }] }),
        'shard.speculativeShedAtSeconds',
      ),
    ).toBeUndefined();
  });

  it('asks each cluster for what the seed was sized for', () => {
    const profile = caseProfile({ 'scale.machines': 50 });
    const substrate = caseSubstrate({ 'cluster.podsPerCluster': 10_000 });
    const values = helmValues(
      chartInputs({ profile: profile, substrate, plan: makePlan(profile, substrate, oneKind), catalogue: oneKind }),
    );
    expect(at(values, 'loadProfile.target')).toBe(5_000);
  });
});

function aSystem(gates: System['gates'], values: unknown): System {
  return {
    metadata: { name: 'any', description: '' },
    capacity: 'system',
    install: { manifests: [], processes: [], helm: { chart: 'c', release: 'r', namespace: 'n', values } },
    ready: { crds: [], http: [], timeoutMs: 1_000 },
    scrape: [],
    gates,
  };
}

describe('chartValues', () => {
  const profile = caseProfile({});
  const substrate = caseSubstrate({});
  const parts = { profile, substrate, plan: makePlan(profile, substrate, oneKind), catalogue: oneKind };

  it("lays the system file's values over the rendered ones, maps within maps", () => {
    const values = chartValues(
      aSystem({ shardShortfalls: { query: 'x', max: 0 } }, { kwok: { storage: 'kine' }, image: { tag: 'dev' } }),
      parts,
    );
    expect(at(values, 'kwok.storage')).toBe('kine');
    expect(at(values, 'kwok.clusterCount')).toBe(200);
    expect(at(values, 'image.tag')).toBe('dev');
  });

  it('renders nothing into the chart of another system', () => {
    expect(chartValues(aSystem({}, { a: 1 }), parts)).toEqual({ a: 1 });
    expect(chartValues(aSystem({}, undefined), parts)).toEqual({});
  });
});

describe('targetKind', () => {
  it.each(cases.targetKind)('$context', ({ context, expected }) => {
    expect(targetKind(context)).toBe(expected);
  });
});

it('no text of a profile that could be a template reaches the chart', () => {
  const template = '{{ lookup "v1" "Secret" "kube-system" "" }}';
  const pods = { annotations: { a: template }, labels: { b: 'c' } };
  const catalogue = aCatalogue({ archetypes: [{ ...anArchetype({ name: 'cpu', weight: 1 }), pods }] });
  const profile = { ...caseProfile({}), pods };
  const substrate = caseSubstrate({});
  const values = helmValues(
    chartInputs({ profile, substrate, catalogue, plan: makePlan(profile, substrate, catalogue) }),
  );
  expect(JSON.stringify(values)).not.toContain('{{');
  expect(at(values, 'archetypes.0.name')).toBe('cpu');
});
