import type { Archetype, Catalogue } from '../model/catalogue.ts';
import type { Burst } from '../model/profile.ts';
import { demandLevels, multipleOf, type DemandLevel } from './demand-levels.ts';
import { randomStream } from './random.ts';
import type { CampaignSpec } from './spec.ts';
import { drawBurst, drawWorkloads, type Workload } from './workload.ts';
import { podsOfCluster } from './cluster-pods.ts';

/** What of a specification decides its demand. */
export type DemandSpec = Pick<CampaignSpec, 'profile' | 'plan' | 'catalogue' | 'randomSeed'>;

/** A burst that a cluster takes part in, with the workloads it brings; times are ms after the start of the soak. */
interface BurstPart {
  readonly workloads: readonly Workload[];
  readonly fromMs: number;
  /** Undefined = it stays to the end. */
  readonly untilMs: number | undefined;
}

/** Everything that a cluster may be asked for in a campaign, each part with slots of its own, one range after another. */
export interface DemandParts {
  /** There from the ramp on. */
  readonly base: readonly Workload[];
  /** On top when demand steps go above the target. */
  readonly growth: readonly Workload[];
  readonly levels: readonly DemandLevel[];
  readonly bursts: readonly BurstPart[];
  /** More than the machines hold; these need not be bound. */
  readonly extra: readonly Workload[];
}

/**
 * Draws the parts of a cluster's demand. Each is drawn by itself, so that asking for a burst changes nothing about the Pods
 * that are there without it.
 */
export function drawDemand(spec: DemandSpec, clusterIndex: number): DemandParts {
  const { catalogue, randomSeed, plan } = spec;
  const load = spec.profile.loadProfile;
  const target = podsOfCluster(plan, clusterIndex);
  const levels = demandLevels(load, target);
  let firstIndex = 0;
  let firstSlot = 0;
  const next = (workloads: readonly Workload[]): readonly Workload[] => {
    firstIndex += workloads.length;
    firstSlot += podsOf(workloads);
    return workloads;
  };
  const draw = (purpose: string, pods: number): readonly Workload[] =>
    next(drawWorkloads(catalogue, pods, randomSeed, clusterIndex, { purpose, firstIndex, firstSlot }));
  const base = draw('workloads', target);
  const growth = draw('growth', levels.reduce((most, { pods }) => Math.max(most, pods), target) - target);
  const bursts = load.bursts.flatMap((burst, index): readonly BurstPart[] => {
    const archetype = archetypeOf(catalogue, burst.archetype);
    if (archetype === undefined || !liesInSoak(burst, load.soakSeconds)) return [];
    if (!takesPart(burst, clusterIndex)) return [];
    const start = { purpose: `burst-${index}`, firstIndex, firstSlot };
    const workloads = next(drawBurst(archetype, burst.extraTarget, randomSeed, clusterIndex, start));
    return [{ workloads, ...spanOf(burst, load.soakSeconds) }];
  });
  return { base, growth, levels, bursts, extra: draw('extra', extraPods(load.openLoopDemandMultiplier, target)) };
}

/** Pods that an open-loop multiplier adds to a target. */
export function extraPods(multiplier: number, target: number): number {
  return multiplier > 1 ? multipleOf(target, multiplier) - target : 0;
}

/** Pods of workloads. */
export function podsOf(workloads: readonly Workload[]): number {
  return workloads.reduce((sum, { replicas }) => sum + replicas, 0);
}

/** An archetype by its name, that of the demand before others. */
export function archetypeOf(catalogue: Catalogue, name: string): Archetype | undefined {
  return [...catalogue.demandArchetypes, ...catalogue.archetypes].find((archetype) => archetype.name === name);
}

/** Bursts of the same moment affect the same clusters whatever the campaign's seed, as in BigFleet. */
function takesPart({ atSeconds, selectivity }: Burst, clusterIndex: number): boolean {
  return randomStream(0, 'burst', clusterIndex, atSeconds)() < selectivity;
}

/** Whether anything of a burst lies in the soak. One that began in the ramp may be over. */
function liesInSoak({ atSeconds, durationSeconds }: Burst, soakSeconds: number): boolean {
  return atSeconds < soakSeconds && (durationSeconds === 0 || atSeconds + durationSeconds > 0);
}

function spanOf({ atSeconds, durationSeconds }: Burst, soakSeconds: number): Omit<BurstPart, 'workloads'> {
  const endSeconds = atSeconds + durationSeconds;
  return {
    fromMs: Math.max(0, Math.round(atSeconds * 1_000)),
    untilMs: durationSeconds > 0 && endSeconds < soakSeconds ? Math.round(endSeconds * 1_000) : undefined,
  };
}
