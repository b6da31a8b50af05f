import { isBigfleet } from './apply-slo.ts';
import type { Catalogue } from '../../model/catalogue.ts';
import type { Profile } from '../../model/profile.ts';
import type { Substrate } from '../../model/substrate.ts';
import type { System } from '../../model/system.ts';
import { sinceDriverStart } from '../format/load-times.ts';
import { tiers } from '../../plan/make-plan.ts';
import type { Plan } from '../../plan/plan.ts';
import { podsOfLargestCluster } from '../../plan/cluster-pods.ts';

/** Clusters from which BigFleet reconciles incrementally and Prometheus gets the larger limits. */
const LARGE_CLUSTERS = 100;

/**
 * Values for BigFleet's scale-test chart, rendered from profile and plan (`reference/bigfleet-harness.md` §5). Optional keys
 * are there only where the profile sets them. The clusters' target is what the plan gives each cluster, where upstream takes
 * the substrate's Pods per cluster and so may ask for more than the seed was sized for; `checkFeasible` refuses what does not divide.
 * Times of bursts, scale-downs and steps are the driver's, which count from its own start, before the ramp.
 */
export function helmValues(
  profile: Profile,
  substrate: Substrate,
  plan: Plan,
  catalogue: Catalogue,
): Readonly<Record<string, unknown>> {
  const size = tiers(profile, catalogue, plan.clusterCount);
  const large = plan.clusterCount >= LARGE_CLUSTERS;
  const kwokPod = substrate.kwokPod;
  const resources = kwokPod === undefined ? {} : { requests: kwokPod.requests, limits: kwokPod.limits };
  return {
    kwok: {
      clusterCount: plan.clusterCount,
      storage: substrate.cluster.storage,
      ...(kwokPod?.sharedVolumeSizeLimit === undefined ? {} : { sharedVolumeSizeLimit: kwokPod.sharedVolumeSizeLimit }),
      apiserverResources: resources,
      workloadResources: resources,
    },
    podShim: { binderConcurrency: 256, upcomingNodeConcurrency: 32 },
    harness: { scheduler: 'kube-scheduler' },
    shard: {
      replicas: plan.shardReplicas,
      seedMachines: size.idlePerShard,
      seedSpeculative: size.speculativePerShard,
      seedSpot: size.spotPerShard,
      seedConfiguredPerCluster: size.configuredPerCluster,
      seedDensityMultiplier: profile.scale.density,
      maxActionsPerCycle: 4096,
      executeConcurrency: 256,
      incrementalReconcile: large,
      metricsWarmupCycles: 5,
      phaseAttributionLog: true,
      ...(profile.shard.failureRatePerSec > 0 ? { failureRatePerSec: profile.shard.failureRatePerSec } : {}),
      ...shed(profile),
    },
    coordinator: {
      enabled: true,
      replicas: profile.topology.coordinatorReplicas > 0 ? profile.topology.coordinatorReplicas : 1,
    },
    operator: { qps: 200, burst: 400, ackConcurrency: 64, rollupInterval: '0s' },
    loadProfile: loadProfile(profile, plan),
    prometheus: {
      resources: large
        ? { requests: { cpu: '4', memory: '16Gi' }, limits: { cpu: '8', memory: '32Gi' } }
        : { requests: { cpu: '1', memory: '4Gi' }, limits: { cpu: '4', memory: '12Gi' } },
    },
    costEstimate: {
      vCPU: plan.hostsNeeded * substrate.host.vCPU,
      memoryGB: plan.hostsNeeded * substrate.host.memoryGiB,
    },
    archetypes: catalogue.archetypes,
    ...(profile.runnerActions.length > 0
      ? { runnerActions: profile.runnerActions.map(({ action, atSeconds }) => ({ atSeconds, action })) }
      : {}),
    ...(Object.keys(profile.slo).length > 0 ? { slo: profile.slo } : {}),
    ...(profile.rampBudgetMs > 0 ? { rampBudget: `${Math.ceil(profile.rampBudgetMs / 1_000)}s` } : {}),
  };
}

/**
 * Values for a system's chart: those rendered from profile and plan where the system is BigFleet's, with the system file's own
 * laid over them, maps within maps.
 */
export function chartValues(
  system: System,
  parts: {
    readonly profile: Profile;
    readonly substrate: Substrate;
    readonly plan: Plan;
    readonly catalogue: Catalogue;
  },
): unknown {
  const own = system.install.helm?.values ?? {};
  if (!isBigfleet(system.gates)) return own;
  return laidOver(helmValues(parts.profile, parts.substrate, parts.plan, parts.catalogue), own);
}

function laidOver(below: unknown, above: unknown): unknown {
  if (!isMap(below) || !isMap(above)) return above;
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) merged[key] = key in merged ? laidOver(merged[key], value) : value;
  return merged;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function loadProfile(profile: Profile, plan: Plan): Readonly<Record<string, unknown>> {
  const load = profile.loadProfile;
  const events = <T extends { readonly atSeconds: number }>(list: readonly T[]): readonly T[] =>
    list.map((event) => ({ ...event, atSeconds: sinceDriverStart(event.atSeconds, load.rampSeconds) }));
  return {
    target: podsOfLargestCluster(plan),
    durationSeconds: load.soakSeconds,
    churnPerMinute: load.churnPerMinute,
    settleSeconds: load.settleSeconds,
    preBind: profile.seed.preBind,
    ...(load.bursts.length > 0 ? { bursts: events(load.bursts) } : {}),
    ...(load.scaleDowns.length > 0 ? { scaleDowns: events(load.scaleDowns) } : {}),
    ...(load.demandSteps.length > 0 ? { demandSteps: events(load.demandSteps) } : {}),
    ...(load.openLoopDemandMultiplier > 1 ? { openLoopDemandMultiplier: load.openLoopDemandMultiplier } : {}),
  };
}

/** The first scale-down, at the driver's moment, makes the provider shed its elastic tier as well; a demand step deliberately does not. */
function shed(profile: Profile): Readonly<Record<string, unknown>> {
  const { scaleDowns, rampSeconds } = profile.loadProfile;
  const first = scaleDowns.find(({ targetMultiplier }) => targetMultiplier > 0 && targetMultiplier < 1);
  return first === undefined
    ? {}
    : {
        speculativeShedAtSeconds: sinceDriverStart(first.atSeconds, rampSeconds),
        speculativeShedMultiplier: first.targetMultiplier,
      };
}
