import { describe, expect, it } from 'vitest';
import { checkFeasible } from '../../../src/core/plan/feasibility.ts';
import { makePlan } from '../../../src/core/plan/make-plan.ts';
import type { Plan } from '../../../src/core/plan/plan.ts';
import type { Catalogue } from '../../../src/core/model/catalogue.ts';
import { aCatalogue, anArchetype, caseProfile, caseSubstrate, catalogueOf } from './make.ts';

interface Asked {
  readonly profile?: Record<string, unknown>;
  readonly substrate?: Record<string, unknown>;
  readonly catalogue?: Catalogue;
  readonly plan?: Partial<Plan>;
  readonly elastic?: boolean;
  /** BigFleet's gates on a system that is not installed by its chart. */
  readonly withoutChart?: boolean;
}

const CHART = { chart: 'bigfleet', release: 'bigfleet', namespace: 'bigfleet', values: {} };

/** 50 machines of 100 Pods, seeded in full, with what the case changes. */
function refusals(asked: Asked): readonly string[] {
  const profile = caseProfile({
    'scale.machines': 50,
    'seed.configuredFraction': 1,
    'seed.speculativeMultiplier': 0,
    system: 'kube-scheduler',
    ...asked.profile,
  });
  const substrate = caseSubstrate({ 'cluster.podsPerCluster': 2_500, ...asked.substrate });
  const catalogue = asked.catalogue ?? aCatalogue({ name: 'plain', archetypes: [anArchetype()] });
  const plan = { ...makePlan(profile, substrate, catalogue), ...asked.plan };
  const system = {
    capacity: asked.elastic === true ? ('system' as const) : ('belay' as const),
    gates: {},
    ...(profile.system === 'bigfleet' ? { extension: 'bigfleet' } : {}),
    install: profile.system === 'bigfleet' && asked.withoutChart !== true ? { helm: CHART } : {},
  };
  return checkFeasible(profile, substrate, plan, catalogue, system).map(({ message }) => message);
}

describe('checkFeasible', () => {
  it('has nothing against what can work', () => {
    expect(refusals({})).toEqual([]);
    expect(refusals({ catalogue: catalogueOf('realistic-dev') })).toEqual([]);
  });

  it('refuses more Pods in one cluster than are watched in one', () => {
    const substrate = { 'cluster.podsPerCluster': 700_000 };
    const of = (machines: number): readonly string[] =>
      refusals({ profile: { 'scale.machines': machines }, substrate });
    expect(of(5_000)).toEqual([]);
    expect(of(5_001)).toEqual([
      'found 700000, which puts 500100 Pods into one cluster; allowed: at most 500000, as many as are watched in one',
    ]);
  });

  it.each([5_000, 50_000, 500_000])('accepts the published load of %i machines', (machines) => {
    const profile = {
      'scale.machines': machines,
      'seed.speculativeMultiplier': 3,
      'seed.idleHeadroomFraction': 0.2,
      'loadProfile.bursts': [
        { atSeconds: 600, archetype: 'gpu-training-large', extraTarget: 1, durationSeconds: 600, selectivity: 1 },
      ],
      system: 'bigfleet',
    };
    const substrate = { 'cluster.podsPerCluster': 25_000 };
    expect(refusals({ profile, substrate, catalogue: catalogueOf('realistic') })).toEqual([]);
  });

  it('refuses a seed that cannot reach the steady gate, and says what would', () => {
    const [message, ...others] = refusals({
      profile: { 'seed.configuredFraction': 0.5, 'seed.idleHeadroomFraction': 0.2 },
    });
    expect(others).toEqual([]);
    expect(message).toMatch(/the seed cannot reach the steady gate: .* hold 3400 of 5000 Pods, and the gate is 4995/);
    expect(message).toContain('e.g. seed.configuredFraction 0.8');
    expect(refusals({ profile: { 'seed.configuredFraction': 0.8, 'seed.idleHeadroomFraction': 0.2 } })).toEqual([]);
  });

  it('counts the elastic tiers only where a provider keeps them', () => {
    const profile = { 'seed.configuredFraction': 0.5, 'seed.idleHeadroomFraction': 0, 'seed.speculativeMultiplier': 3 };
    expect(refusals({ profile })).toHaveLength(1);
    expect(refusals({ profile: { ...profile, system: 'bigfleet' } })).toEqual([]);
    expect(refusals({ profile, elastic: true })).toEqual([]);
    const nothing = { 'seed.configuredFraction': 0, system: 'bigfleet' };
    expect(refusals({ profile: nothing, elastic: true })).not.toEqual([]);
    expect(refusals({ profile: nothing, elastic: true, withoutChart: true })).toEqual([]);
  });

  it('leaves alone a shortfall that is the point of the test, and a seed nobody asked for', () => {
    const profile = { 'seed.configuredFraction': 0.5, 'seed.idleHeadroomFraction': 0 };
    expect(refusals({ profile: { ...profile, 'slo.expectStandingShortfall': true } })).toEqual([]);
    expect(refusals({ profile: { 'seed.configuredFraction': 0, 'seed.idleHeadroomFraction': 0 } })).toEqual([]);
    expect(
      refusals({ profile: { 'seed.configuredFraction': 0, 'seed.idleHeadroomFraction': 0, system: 'bigfleet' } }),
    ).toHaveLength(1);
  });

  it('gives each shard only its own machines, and its own clusters to use them', () => {
    const tiered = {
      'seed.configuredFraction': 0,
      'seed.idleHeadroomFraction': 0,
      'seed.speculativeMultiplier': 1,
      system: 'bigfleet',
    };
    const one = { 'cluster.podsPerCluster': 5_000 };
    expect(refusals({ profile: { ...tiered, 'topology.shardReplicas': 2 } })).toEqual([]);
    const [message, ...others] = refusals({ profile: { ...tiered, 'topology.shardReplicas': 2 }, substrate: one });
    expect(others).toEqual([]);
    expect(message).toContain('hold 2500 of 5000 Pods');
    expect(message).toContain('1 of the shards own none of the 1 clusters');
    expect(message).toContain('allowed: topology.shardReplicas at most 1');
    expect(refusals({ profile: { ...tiered, 'topology.shardReplicas': 1 }, substrate: one })).toEqual([]);
    // With machines enough on the shards that have a cluster, an idle shard is harmless.
    const twice = { ...tiered, 'seed.speculativeMultiplier': 2, 'topology.shardReplicas': 2 };
    expect(refusals({ profile: twice, substrate: one })).toEqual([]);
    // Five clusters of two shards: three of them share half of the machines.
    const five = refusals({
      profile: { ...tiered, 'topology.shardReplicas': 2 },
      substrate: { 'cluster.podsPerCluster': 1_000 },
    });
    expect(five[0]).toContain('hold 4500 of 5000 Pods');
    expect(five[0]).toContain('allowed: topology.shardReplicas a divisor of 5');
    // What is configured stands in the clusters; where Belay makes the Nodes there are no shards.
    const configured = { ...tiered, 'seed.configuredFraction': 1, 'topology.shardReplicas': 2 };
    expect(refusals({ profile: { ...configured, 'seed.speculativeMultiplier': 0 }, substrate: one })).toEqual([]);
    const own = { 'seed.idleHeadroomFraction': 1, 'seed.configuredFraction': 0, 'topology.shardReplicas': 2 };
    expect(refusals({ profile: own, substrate: one })).toEqual([]);
  });

  it('is not taken in by machines of a kind that the Pods cannot use', () => {
    const catalogue = aCatalogue({
      archetypes: [
        anArchetype({ name: 'cpu', weight: 1 }),
        anArchetype({ name: 'gpu', weight: 1, instanceTypes: ['a3'], podsPerNode: 1 }),
      ],
    });
    const plan = makePlan(
      caseProfile({ 'scale.machines': 50 }),
      caseSubstrate({ 'cluster.podsPerCluster': 2_500 }),
      catalogue,
    );
    const seed = plan.seed.map((row) => ({ ...row, idle: 0, configured: row.archetype === 'cpu' ? 10_000 : 10 }));
    expect(refusals({ catalogue, plan: { seed } })[0]).toMatch(/hold 2510 of 5000 Pods/);
  });

  it('asks for machines that the demand can use, where seed and demand have archetypes of their own', () => {
    const whole = { name: 'train', instanceTypes: ['a3'], resources: { 'nvidia.com/gpu': '8' } };
    const split = (seedTypes: readonly string[]): Catalogue =>
      aCatalogue({
        archetypes: [anArchetype()],
        seedArchetypes: [anArchetype({ name: 'seeded', instanceTypes: seedTypes })],
        demandArchetypes: [anArchetype(whole)],
      });
    const configured = { 'seed.configuredFraction': 1, system: 'bigfleet' };
    expect(refusals({ profile: configured, catalogue: split(['m6i.large']) })[0]).toContain('hold 0 of 5000 Pods');
    expect(refusals({ catalogue: split(['m6i.large']) })[0]).toContain('hold 0 of 5000 Pods');
    // A hundred Pods a machine were seeded for; of these each takes a whole one.
    expect(refusals({ profile: configured, catalogue: split(['a3']) })[0]).toContain('hold 60 of 5000 Pods');
    const halves = aCatalogue({
      archetypes: [anArchetype()],
      seedArchetypes: [anArchetype({ name: 'seeded' })],
      demandArchetypes: [anArchetype({ name: 'asked' }), anArchetype(whole)],
    });
    expect(refusals({ profile: configured, catalogue: halves })[0]).toMatch(
      /hold 2500 of 5000 Pods.*no machine of the seed has an instance type of train \(a3\)\).*an entry of seedArchetypes/,
    );
    const same = { seedArchetypes: [anArchetype({ name: 'x' })], demandArchetypes: [anArchetype({ name: 'y' })] };
    expect(refusals({ profile: configured, catalogue: aCatalogue({ archetypes: [anArchetype()], ...same }) })).toEqual(
      [],
    );
  });

  it.each([
    [
      1_800,
      'runnerActions[0].atSeconds 1800 (fail-node) is not before the end of the soak, loadProfile.soakSeconds 1800; allowed: less than 1800',
    ],
    [
      2_000,
      'runnerActions[0].atSeconds 2000 (fail-node) is not before the end of the soak, loadProfile.soakSeconds 1800; allowed: less than 1800',
    ],
  ])('refuses an action at %i s of a soak of 1800 s', (atSeconds, message) => {
    expect(refusals({ profile: { runnerActions: [{ atSeconds, action: 'fail-node' }] } })).toEqual([message]);
  });

  it('accepts an action in the last second, and a partition that is over in time', () => {
    expect(refusals({ profile: { runnerActions: [{ atSeconds: 1_799, action: 'fail-node' }] } })).toEqual([]);
    const partition = (atSeconds: number): readonly string[] =>
      refusals({
        profile: { runnerActions: [{ atSeconds, action: 'partition-coordinator-from-shard-bigfleet-shard-0' }] },
      });
    expect(partition(1_740)).toEqual([]);
    expect(partition(1_741)[0]).toContain('lasts 60 s and is not over at the end of the soak');
  });

  it('refuses an action on a shard that will not exist', () => {
    const actions = [{ atSeconds: 60, action: 'kill-shard-bigfleet-shard-1' }];
    expect(refusals({ profile: { runnerActions: actions } })[0]).toContain('names shard 1; allowed: 0 to 0');
    expect(refusals({ profile: { runnerActions: actions, 'topology.shardReplicas': 2 } })).toEqual([]);
  });

  it('refuses load events that cannot happen', () => {
    expect(refusals({ profile: { 'loadProfile.demandSteps': [{ atSeconds: 1_800, targetMultiplier: 0.5 }] } })[0]).toBe(
      'loadProfile.demandSteps[0].atSeconds comes 1800 s after the start of the soak, which takes 1800 s (loadProfile.soakSeconds); allowed: before its end',
    );
    expect(refusals({ profile: { 'loadProfile.scaleDowns': [{ atSeconds: 1_799, targetMultiplier: 0.5 }] } })).toEqual(
      [],
    );
    expect(
      refusals({
        profile: {
          'loadProfile.bursts': [{ atSeconds: 1, archetype: 'no', extraTarget: 1, durationSeconds: 1, selectivity: 1 }],
        },
      })[0],
    ).toBe('loadProfile.bursts[0].archetype no is not in catalogue plain; allowed: any');
  });

  it('refuses demand that differs from the seed by rounding', () => {
    expect(refusals({ plan: { totalPods: 5_001 } })[0]).toContain(
      'demand of 5001 Pods over 2 clusters differs from scale.machines 50 x scale.density 100 = 5000',
    );
    const odd = { 'scale.machines': 5_002, 'scale.density': 1, system: 'bigfleet' };
    expect(refusals({ profile: odd })[0]).toContain('5002 Pods do not divide over 3 clusters');
    expect(refusals({ profile: { ...odd, system: 'kube-scheduler' } })).toEqual([]);
  });

  it('refuses a gang that no zone can hold', () => {
    const gang = anArchetype({
      name: 'big',
      burstOnly: true,
      sameZone: true,
      podsPerNode: 1,
      zones: ['a', 'b', 'c'],
      instanceTypes: ['a3'],
      groupSizeRange: [64, 256],
    });
    const burst = { atSeconds: 1, archetype: 'big', extraTarget: 1, durationSeconds: 1, selectivity: 1 };
    const catalogue = aCatalogue({ archetypes: [anArchetype(), gang] });
    const tiered = { system: 'bigfleet' };
    expect(refusals({ catalogue, profile: tiered })).toEqual([]);
    expect(refusals({ catalogue, profile: { ...tiered, 'loadProfile.bursts': [burst] } })).toEqual([
      'a gang of big has up to 256 Pods, which must share a zone, and a zone has 0 machines for 1 of them each, 0 Pods; ' +
        'allowed: groupSizeRange up to 0, or a larger seed',
    ]);
    // Where Belay makes the machines, it makes them for the gangs of bursts as well.
    expect(refusals({ catalogue, profile: { 'loadProfile.bursts': [burst] } })).toEqual([]);
    expect(refusals({ catalogue, profile: { 'loadProfile.bursts': [burst] }, elastic: true })).toEqual([]);
  });

  it('counts only the machines of one shard for a gang', () => {
    const gang = anArchetype({
      name: 'train',
      burstOnly: true,
      sameZone: true,
      podsPerNode: 1,
      zones: ['a'],
      groupSizeRange: [60, 60],
    });
    const profile = {
      system: 'bigfleet',
      'seed.configuredFraction': 0,
      'seed.idleHeadroomFraction': 0,
      'seed.speculativeCount': 50,
      'loadProfile.bursts': [{ atSeconds: 1, archetype: 'train', extraTarget: 1, durationSeconds: 1, selectivity: 1 }],
      'topology.shardReplicas': 2,
    };
    const catalogue = aCatalogue({ archetypes: [anArchetype(), gang] });
    expect(refusals({ catalogue, profile })[0]).toContain('up to 60 Pods, which must share a zone, and a zone has 50');
    expect(refusals({ catalogue, profile: { ...profile, 'seed.speculativeCount': 60 } })).toEqual([]);
  });

  it('refuses a gang larger than all the Pods of a cluster', () => {
    const catalogue = aCatalogue({
      archetypes: [anArchetype({ name: 'big', sameRack: true, podsPerNode: 1, groupSizeRange: [3_000, 4_000] })],
    });
    expect(refusals({ catalogue })[0]).toContain(
      'at least 3000 Pods, which must share a rack, and a cluster is given 2500 Pods in all',
    );
  });

  it('refuses cost over the budget, with both numbers', () => {
    const substrate = { 'costEstimate.perHostUsdPerHour': 0.85 };
    expect(refusals({ profile: { 'budget.usd': 1 }, substrate })[0]).toBe(
      'the campaign costs about $1.98 (2 hosts, $1.70 an hour), over budget.usd 1; allowed: a budget of at least 1.98, or a smaller or shorter campaign',
    );
    expect(refusals({ profile: { 'budget.usd': 2 }, substrate })).toEqual([]);
    // A file like this is refused when it is read; a retry may ask for it.
    expect(refusals({ profile: { 'budget.wallClockMs': 720_000, 'loadProfile.soakSeconds': 36_000 } })[0]).toMatch(
      /^ramp and soak take 10h.*, over budget\.wallClock 12m; allowed: a shorter soak, or a budget of at least 10h/,
    );
  });

  it('wants a context for every cluster', () => {
    const substrate = { type: 'kubeconfig', kubeconfig: { file: '', contexts: ['one'] } };
    expect(refusals({ substrate })[0]).toContain('found 1 contexts; allowed: at least 2');
  });
});
