import { STAGES } from '../model/stages.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import { shardReplicasOf } from '../model/shard-replicas.ts';
import type { Tiers } from '../model/tiers.ts';
import type { Substrate } from '../model/substrate.ts';
import { cost, hostsNeeded } from './cost.ts';
import type { Plan, SeedRow } from './plan.ts';
import { rampBudget } from '../model/ramp-budget.ts';
import {
  allocateMachines,
  gangFloor,
  machinesForPods,
  machinesForShare,
  podShare,
  podsPerMachine,
  seededArchetypes,
  sumOfShares,
} from './seed-sizing.ts';
import { ceilDiv, largestRemainder } from './whole-numbers.ts';
import { counted } from '../text/counted.ts';

/** More clusters than this is a slip of the pen, and would take memory before anybody could say so. */
export const MAX_CLUSTERS = 1_000_000;
/** Activities of one stage, however many clusters there are. */
const MAX_ACTIVITIES_PER_STAGE = 200;
/** Clusters handled by one activity, until there are too many activities. */
const CLUSTERS_PER_ACTIVITY = 10;

/**
 * The numbers of a campaign, from profile, substrate and catalogue; docs/upstream.md has the formulas. The Pods of all
 * clusters sum to exactly machines x density. BigFleet's runner gives every cluster the substrate's Pods per cluster instead.
 * @throws RangeError when the scale asks for more than `MAX_CLUSTERS` clusters
 */
export function makePlan(profile: Profile, substrate: Substrate, catalogue: Catalogue): Plan {
  const { machines, density } = profile.scale;
  const { rampSeconds, soakSeconds } = profile.loadProfile;
  const { podsPerCluster, bindThroughputPodsPerSec } = substrate.cluster;
  const totalPods = machines * density;
  const clusterCount = ceilDiv(totalPods, podsPerCluster);
  if (!(clusterCount <= MAX_CLUSTERS)) {
    throw new RangeError(
      `scale.machines ${machines} x scale.density ${density} at cluster.podsPerCluster ${podsPerCluster} ` +
        `makes ${counted(clusterCount, 'cluster')}; allowed: at most ${MAX_CLUSTERS}`,
    );
  }
  const hosts = hostsNeeded(clusterCount, substrate);
  const { usd, usdPerHour } = cost(hosts, substrate.costEstimate.perHostUsdPerHour, rampSeconds, soakSeconds);
  const rampDemandPodsPerSec = totalPods / rampSeconds;
  const rampSupplyPodsPerSec = clusterCount * bindThroughputPodsPerSec;
  const budget = rampBudget(profile.rampBudgetMs, totalPods, soakSeconds);
  const shardReplicas = shardReplicasOf(profile);
  const archetypes = seededArchetypes(catalogue);
  return {
    totalPods,
    clusterCount,
    hostsNeeded: hosts,
    rampDemandPodsPerSec,
    rampSupplyPodsPerSec,
    rampFeasible: rampDemandPodsPerSec <= rampSupplyPodsPerSec,
    rampBudgetMs: budget.ms,
    rampBudgetClause: budget.clause,
    shardReplicas,
    machinesEffective: machinesForPods(archetypes, density, totalPods),
    estimatedUsd: usd,
    usdPerHour,
    seed: seedRows(profile, catalogue, clusterCount),
    expectedHistoryEvents: expectedHistoryEvents(clusterCount),
  };
}

/** Machines in each tier: shares of the effective machines, rounded down. */
export function tiers(profile: Profile, catalogue: Catalogue, clusterCount: number): Tiers {
  const { machines, density } = profile.scale;
  const { seed } = profile;
  const effective = machinesForPods(seededArchetypes(catalogue), density, machines * density);
  const replicas = shardReplicasOf(profile);
  return {
    configuredPerCluster: Math.floor((effective * seed.configuredFraction) / clusterCount),
    idlePerShard: Math.floor((effective * seed.idleHeadroomFraction) / replicas),
    speculativePerShard:
      seed.speculativeMultiplier > 0
        ? Math.floor((effective * seed.speculativeMultiplier) / replicas)
        : seed.speculativeCount,
    spotPerShard: seed.spotCount,
  };
}

/** One line on whether the ramp can be bound as fast as it is made. */
export function rampNote(plan: Plan): string {
  const demand = `ramp demand ${plan.rampDemandPodsPerSec.toFixed(1)} Pods/s`;
  const supply = `substrate supply ${plan.rampSupplyPodsPerSec.toFixed(1)} Pods/s`;
  return plan.rampFeasible ? `${demand} ≤ ${supply}` : `${demand} > ${supply}: the ramp will tail off`;
}

/** Machines by archetype over the whole campaign: each cluster's and each shard's tier is split by itself. */
function seedRows(profile: Profile, catalogue: Catalogue, clusterCount: number): readonly SeedRow[] {
  const { machines, density } = profile.scale;
  const totalPods = machines * density;
  const archetypes = seededArchetypes(catalogue);
  const shareSum = sumOfShares(archetypes);
  const size = tiers(profile, catalogue, clusterCount);
  const replicas = shardReplicasOf(profile);
  const pods = largestRemainder(totalPods, archetypes.map(podShare));
  const split = (total: number): readonly number[] => allocateMachines(archetypes, density, total);
  const configured = split(size.configuredPerCluster);
  const idle = split(size.idlePerShard);
  const speculative = split(size.speculativePerShard);
  const spot = split(size.spotPerShard);
  return archetypes.map((archetype, index) => ({
    archetype: archetype.name,
    expectedPods: pods[index] ?? 0,
    podsPerMachine: podsPerMachine(archetype, density),
    machines: machinesForShare(archetype, density, totalPods, shareSum) + gangFloor(archetype),
    gangFloor: gangFloor(archetype),
    configured: (configured[index] ?? 0) * clusterCount,
    idle: (idle[index] ?? 0) * replicas,
    speculative: (speculative[index] ?? 0) * replicas,
    spot: (spot[index] ?? 0) * replicas,
  }));
}

/**
 * Upper bound of the events in the campaign's history: an activity is three events and its workflow task three more, a stage
 * has some for its story and its search attributes, a hold some for its timer and its decision.
 */
function expectedHistoryEvents(clusterCount: number): number {
  const activities = Math.min(MAX_ACTIVITIES_PER_STAGE, ceilDiv(clusterCount, CLUSTERS_PER_ACTIVITY));
  const perStage = 6 * activities + 8;
  const holdAndDecision = 20;
  return 20 + STAGES.length * perStage + holdAndDecision;
}
