import type { Catalogue, Profile, Substrate } from '../../../src/core/profile/model.ts';
import type { Plan } from '../../../src/core/plan/plan.ts';

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
    podsOfCluster: [2_500, 2_500],
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
