import { podsOfCluster } from '../../../src/core/plan/cluster-pods.ts';
import type { Archetype, Catalogue } from '../../../src/core/model/catalogue.ts';
import type { HostRoom, HostSize } from '../../../src/core/model/host-size.ts';
import type { Profile } from '../../../src/core/model/profile.ts';
import type { Substrate } from '../../../src/core/model/substrate.ts';
import type { Plan } from '../../../src/core/plan/plan.ts';
import cases from '../../cases/bigfleet-plan.json' with { type: 'json' };
import catalogues from '../../cases/catalogues.json' with { type: 'json' };

/** A host that has all of its memory free, unless something else is said. */
export function aRoom(room: HostSize & Partial<HostRoom>): HostRoom {
  return { freeBytes: room.memoryBytes, reservedBytes: 0, campaigns: 0, ...room };
}

/** A small valid profile; `change` replaces top-level fields. */
export function aProfile(change: Partial<Profile> = {}): Profile {
  return {
    metadata: { name: 'small', description: '' },
    scale: { machines: 50, density: 100 },
    catalog: { archetypes: 'realistic-dev' },
    seed: {
      configuredFraction: 1,
      speculativeMultiplier: 0,
      speculativeCount: 0,
      spotCount: 0,
      idleHeadroomFraction: 0.2,
      preBind: false,
    },
    loadProfile: {
      rampSeconds: 60,
      soakSeconds: 60,
      churnPerMinute: 0,
      settleSeconds: 0,
      arrival: 'constant',
      bursts: [],
      scaleDowns: [],
      demandSteps: [],
      openLoopDemandMultiplier: 0,
    },
    rampBudgetMs: 0,
    runnerActions: [],
    topology: { shardReplicas: 0, coordinatorReplicas: 0 },
    shard: { failureRatePerSec: 0 },
    slo: {},
    system: 'kube-scheduler',
    gates: {},
    deadlines: {},
    budget: { usd: 0, wallClockMs: 0 },
    randomSeed: 1,
    ...change,
  };
}

/** A substrate of local clusters; `change` replaces top-level fields. */
export function aSubstrate(change: Partial<Substrate> = {}): Substrate {
  return {
    metadata: { name: 'laptop', description: '' },
    type: 'local',
    host: { vCPU: 16, memoryGiB: 32 },
    cluster: { podsPerCluster: 2_500, clustersPerHost: 5, storage: 'etcd', bindThroughputPodsPerSec: 30 },
    costEstimate: { perHostUsdPerHour: 0, notes: '' },
    provisioning: '',
    ...change,
  };
}

/** A plan as `makePlan` would give it, for tests that need its numbers only. */
export function aPlan(change: Partial<Plan> = {}): Plan {
  return {
    totalPods: 5_000,
    clusterCount: 2,
    hostsNeeded: 2,
    rampDemandPodsPerSec: 83.3,
    rampSupplyPodsPerSec: 60,
    rampFeasible: false,
    rampBudgetMs: 900_000,
    rampBudgetClause: '15-min floor',
    shardReplicas: 1,
    machinesEffective: 610,
    estimatedUsd: 0,
    usdPerHour: 0,
    seed: [],
    expectedHistoryEvents: 200,
    ...change,
  };
}

/** An empty catalogue; `change` replaces top-level fields. */
export function aCatalogue(change: Partial<Catalogue> = {}): Catalogue {
  return { name: 'none', archetypes: [], seedArchetypes: [], demandArchetypes: [], ...change };
}

/** An archetype with one core-only size; `change` replaces fields, `resources` stands for a single size bucket. */
export function anArchetype(
  change: Omit<Partial<Archetype>, 'groupSizeRange'> & {
    readonly resources?: Readonly<Record<string, string | undefined>>;
    readonly groupSizeRange?: readonly number[];
  } = {},
): Archetype {
  const { resources, groupSizeRange, ...rest } = change;
  const known = Object.entries(resources ?? { cpu: '2' }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    name: 'any',
    weight: 1,
    instanceTypes: ['m6i.large'],
    zones: [],
    sizeBuckets: [{ weight: 1, resources: Object.fromEntries(known) }],
    priorityClasses: [1_000],
    interruptionPenalty: 0,
    reclamationPenalty: 0,
    podsPerNode: 0,
    meanLifetimeSeconds: 0,
    sameRack: false,
    sameZone: false,
    burstOnly: false,
    labelAxes: [],
    allowPartial: false,
    spreadConstraintProb: 0,
    ...rest,
    ...(groupSizeRange === undefined
      ? {}
      : { groupSizeRange: [groupSizeRange[0] ?? 1, groupSizeRange[1] ?? 1] as const }),
  };
}

/** One of the recorded catalogues. */
export function catalogueOf(name: string): Catalogue {
  const found = catalogues[name as keyof typeof catalogues];
  return aCatalogue({
    name,
    archetypes: found.map((archetype) => anArchetype(archetype as Parameters<typeof anArchetype>[0])),
  });
}

/** The recorded profile with changes by dotted path. */
export function caseProfile(set: Readonly<Record<string, unknown>>): Profile {
  const { scale, seed, loadProfile } = cases.profile;
  const base = aProfile({ scale, system: 'bigfleet' });
  return withChanges(
    { ...base, seed: { ...base.seed, ...seed }, loadProfile: { ...base.loadProfile, ...loadProfile } },
    set,
  );
}

/** The recorded substrate with changes by dotted path. */
export function caseSubstrate(set: Readonly<Record<string, unknown>>): Substrate {
  const { host, cluster, kwokPod, costEstimate } = cases.substrate;
  return withChanges(
    aSubstrate({ type: 'hosted', host, cluster: { ...cluster, storage: 'etcd' }, kwokPod, costEstimate }),
    set,
  );
}

function withChanges<T>(value: T, set: Readonly<Record<string, unknown>>): T {
  const copy = structuredClone(value);
  for (const [path, found] of Object.entries(set)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const inner = keys.reduce<Record<string, unknown>>(
      (outer, key) => outer[key] as Record<string, unknown>,
      copy as Record<string, unknown>,
    );
    inner[last] = found;
  }
  return copy;
}

/** Target Pods of each cluster of a plan, in order. */
export function podsOf(plan: Pick<Plan, 'totalPods' | 'clusterCount'>): readonly number[] {
  return Array.from({ length: plan.clusterCount }, (_, index) => podsOfCluster(plan, index));
}
