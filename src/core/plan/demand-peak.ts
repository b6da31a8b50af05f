import type { Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import { podsOfLargestCluster } from './cluster-pods.ts';
import { demandLevels } from './demand-levels.ts';
import { archetypeOf, extraPods } from './demand-parts.ts';
import type { Plan } from './plan.ts';
import { comesWhole } from './workload.ts';

/** The most that one cluster may have to carry at once beyond the Pods of its ramp. */
export interface DemandPeak {
  /** Pods that machines are made for. */
  readonly bindable: number;
  /** Pods beyond the machines. */
  readonly extra: number;
}

/**
 * An upper bound without drawing anything: every burst at once, on the highest level, each with a gang more than it asks
 * for, on the largest cluster.
 */
export function demandPeak(profile: Profile, plan: Plan, catalogue: Catalogue): DemandPeak {
  const load = profile.loadProfile;
  const largest = podsOfLargestCluster(plan);
  const highest = demandLevels(load, largest).reduce((most, { pods }) => Math.max(most, pods), largest);
  const burst = load.bursts.reduce((sum, { archetype, extraTarget }) => {
    const found = archetypeOf(catalogue, archetype);
    const gang = found !== undefined && comesWhole(found) ? (found.groupSizeRange?.[1] ?? 1) : 1;
    return sum + (extraTarget === 0 ? 0 : extraTarget + gang - 1);
  }, 0);
  return { bindable: highest - largest + burst, extra: extraPods(load.openLoopDemandMultiplier, largest) };
}
