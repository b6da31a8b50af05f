import { lowersDemand } from '../../model/scale-down.ts';
import type { Profile } from '../../model/profile.ts';
import type { ChartInputs } from '../../model/system-extension.ts';
import { sinceDriverStart } from '../format/load-times.ts';

/** From this number of clusters on, BigFleet reconciles incrementally and Prometheus gets larger limits. */
const LARGE_CLUSTERS = 100;

/**
 * Values for BigFleet's scale-test chart. Optional keys are present only where the profile sets them. Every cluster gets the
 * target of the plan; BigFleet's own runner takes the substrate's Pods per cluster instead, which may be more than the seed
 * was sized for. Times of bursts, scale-downs and steps count from the start of the load driver, before the ramp.
 */
export function helmValues(inputs: ChartInputs): Readonly<Record<string, unknown>> {
  const { profile, substrate, catalogue, clusterCount, shardReplicas, hostsNeeded, tiers } = inputs;
  const large = clusterCount >= LARGE_CLUSTERS;
  const kwokPod = substrate.kwokPod;
  const resources = kwokPod === undefined ? {} : { requests: kwokPod.requests, limits: kwokPod.limits };
  return {
    kwok: {
      clusterCount,
      storage: substrate.cluster.storage,
      ...(kwokPod?.sharedVolumeSizeLimit === undefined ? {} : { sharedVolumeSizeLimit: kwokPod.sharedVolumeSizeLimit }),
      apiserverResources: resources,
      workloadResources: resources,
    },
    podShim: { binderConcurrency: 256, upcomingNodeConcurrency: 32 },
    harness: { scheduler: 'kube-scheduler' },
    shard: {
      replicas: shardReplicas,
      seedMachines: tiers.idlePerShard,
      seedSpeculative: tiers.speculativePerShard,
      seedSpot: tiers.spotPerShard,
      seedConfiguredPerCluster: tiers.configuredPerCluster,
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
    loadProfile: loadProfile(inputs),
    prometheus: {
      resources: large
        ? { requests: { cpu: '4', memory: '16Gi' }, limits: { cpu: '8', memory: '32Gi' } }
        : { requests: { cpu: '1', memory: '4Gi' }, limits: { cpu: '4', memory: '12Gi' } },
    },
    costEstimate: {
      vCPU: hostsNeeded * substrate.host.vCPU,
      memoryGB: hostsNeeded * substrate.host.memoryGiB,
    },
    // Annotations are free texts of the profile. The chart does not know them, and could take one for a template.
    archetypes: catalogue.archetypes.map((archetype) => ({ ...archetype, pods: undefined })),
    ...(profile.runnerActions.length > 0
      ? { runnerActions: profile.runnerActions.map(({ action, atSeconds }) => ({ atSeconds, action })) }
      : {}),
    ...(Object.keys(profile.slo).length > 0 ? { slo: profile.slo } : {}),
    ...(profile.rampBudgetMs > 0 ? { rampBudget: `${Math.ceil(profile.rampBudgetMs / 1_000)}s` } : {}),
  };
}

function loadProfile({ profile, podsPerCluster }: ChartInputs): Readonly<Record<string, unknown>> {
  const load = profile.loadProfile;
  const events = <T extends { readonly atSeconds: number }>(list: readonly T[]): readonly T[] =>
    list.map((event) => ({ ...event, atSeconds: sinceDriverStart(event.atSeconds, load.rampSeconds) }));
  return {
    target: podsPerCluster,
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

/** The first scale-down also makes the provider give up its elastic tier at that time; a demand step does not. */
function shed(profile: Profile): Readonly<Record<string, unknown>> {
  const { scaleDowns, rampSeconds } = profile.loadProfile;
  const first = scaleDowns.find(({ targetMultiplier }) => lowersDemand(targetMultiplier));
  return first === undefined
    ? {}
    : {
        speculativeShedAtSeconds: sinceDriverStart(first.atSeconds, rampSeconds),
        speculativeShedMultiplier: first.targetMultiplier,
      };
}
