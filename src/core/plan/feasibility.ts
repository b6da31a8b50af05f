import { requestedFault } from '../faults/registry.ts';
import { formatDuration } from '../text/duration.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import type { Substrate } from '../model/substrate.ts';
import { expectedMs } from '../model/expected-time.ts';
import { gangRefusals } from './gang-room.ts';
import type { Plan } from './plan.ts';
import { seedRefusals } from './seed-reach.ts';

/** Something that cannot work: the field to change, and a sentence with what was found and what is allowed. */
export interface Infeasibility {
  readonly field: string;
  readonly message: string;
}

/** Which machines a system finds: those Belay makes, all tiers of its provider, or whatever it makes itself. */
export type Capacity = 'seeded' | 'tiers' | 'elastic';

/** System whose provider keeps the four tiers of a seed. */
const TIERED_SYSTEM = 'bigfleet';

/**
 * Everything about a campaign that is known to fail before it starts; empty when nothing is. `capacityFromSystem` says that
 * the system makes machines without limit (`capacity: system`).
 */
export function checkFeasible(
  profile: Profile,
  substrate: Substrate,
  plan: Plan,
  catalogue: Catalogue,
  capacityFromSystem = false,
): readonly Infeasibility[] {
  const capacity: Capacity = profile.system === TIERED_SYSTEM ? 'tiers' : capacityFromSystem ? 'elastic' : 'seeded';
  return [
    ...demandRefusals(profile, substrate, plan),
    ...seedRefusals(profile, plan, catalogue, capacity),
    ...actionRefusals(profile, plan),
    ...loadEventRefusals(profile, catalogue),
    ...gangRefusals(profile, plan, catalogue, capacity),
    ...budgetRefusals(profile, plan),
  ];
}

/** Demand must be what the seed was sized for, to the Pod (upstream's rounding doubles it in the worst case). */
function demandRefusals(profile: Profile, substrate: Substrate, plan: Plan): readonly Infeasibility[] {
  const refused: Infeasibility[] = [];
  const { machines, density } = profile.scale;
  const demand = plan.totalPods;
  if (demand !== machines * density) {
    refused.push({
      field: 'scale.machines',
      message:
        `demand of ${demand} Pods over ${plan.clusterCount} clusters differs from scale.machines ${machines} x ` +
        `scale.density ${density} = ${machines * density}; allowed: equal to the Pod`,
    });
  }
  if (profile.system === TIERED_SYSTEM && plan.totalPods % plan.clusterCount !== 0) {
    const perCluster = Math.ceil(plan.totalPods / plan.clusterCount);
    refused.push({
      field: 'scale.machines',
      message:
        `${plan.totalPods} Pods do not divide over ${plan.clusterCount} clusters, and system ${TIERED_SYSTEM} gives every ` +
        `cluster the same target: ${perCluster} each would ask for ${perCluster * plan.clusterCount}; allowed: ` +
        `scale.machines x scale.density a multiple of ${plan.clusterCount}, or another cluster.podsPerCluster than ` +
        `${substrate.cluster.podsPerCluster}`,
    });
  }
  const contexts = substrate.kubeconfig?.contexts.length;
  if (substrate.type === 'kubeconfig' && contexts !== undefined && contexts < plan.clusterCount) {
    refused.push({
      field: 'kubeconfig.contexts',
      message:
        `${plan.totalPods} Pods need ${plan.clusterCount} clusters of cluster.podsPerCluster ` +
        `${substrate.cluster.podsPerCluster}; found ${contexts} contexts; allowed: at least ${plan.clusterCount}`,
    });
  }
  return refused;
}

/** A fault must begin before the soak ends. What else it needs, it says itself. */
function actionRefusals(profile: Profile, plan: Plan): readonly Infeasibility[] {
  const { soakSeconds } = profile.loadProfile;
  return profile.runnerActions.flatMap(({ atSeconds, action }, index) => {
    const scope = { atSeconds, soakSeconds, shardReplicas: plan.shardReplicas };
    const problems = requestedFault(action)?.validate(scope) ?? [];
    const refused = problems.map(({ field, problem }): Infeasibility => {
      const path = `runnerActions[${index}].${field}`;
      const found = field === 'action' ? action : `${atSeconds} (${action})`;
      return { field: path, message: `${path} ${found} ${problem}` };
    });
    if (atSeconds < soakSeconds) return refused;
    const path = `runnerActions[${index}].atSeconds`;
    const message = `${path} ${atSeconds} (${action}) is not before the end of the soak, loadProfile.soakSeconds ${soakSeconds}; allowed: less than ${soakSeconds}`;
    return [{ field: path, message }, ...refused];
  });
}

/** Changes of demand count from the start of the soak, as runner actions do; one after its end can never happen. */
function loadEventRefusals(profile: Profile, catalogue: Catalogue): readonly Infeasibility[] {
  const { bursts, scaleDowns, demandSteps, soakSeconds } = profile.loadProfile;
  const refused: Infeasibility[] = [];
  const lists = { bursts, scaleDowns, demandSteps };
  for (const [list, events] of Object.entries(lists)) {
    for (const [index, { atSeconds }] of events.entries()) {
      if (atSeconds < soakSeconds) continue;
      const field = `loadProfile.${list}[${index}].atSeconds`;
      refused.push({
        field,
        message: `${field} comes ${atSeconds} s after the start of the soak, which takes ${soakSeconds} s (loadProfile.soakSeconds); allowed: before its end`,
      });
    }
  }
  const known = [...catalogue.archetypes, ...catalogue.demandArchetypes].map((archetype) => archetype.name);
  for (const [index, burst] of bursts.entries()) {
    if (known.includes(burst.archetype)) continue;
    const field = `loadProfile.bursts[${index}].archetype`;
    refused.push({
      field,
      message: `${field} ${burst.archetype} is not in catalogue ${catalogue.name}; allowed: ${known.join(', ')}`,
    });
  }
  return refused;
}

/** A file that is over its budget of time is refused when it is read; here it is a retry that asks for a longer soak. */
function budgetRefusals(profile: Profile, plan: Plan): readonly Infeasibility[] {
  const { usd, wallClockMs } = profile.budget;
  const { rampSeconds, soakSeconds } = profile.loadProfile;
  const refused: Infeasibility[] = [];
  const takesMs = expectedMs(rampSeconds, soakSeconds);
  if (wallClockMs > 0 && takesMs > wallClockMs) {
    refused.push({
      field: 'budget.wallClock',
      message:
        `ramp, soak and teardown are expected to take ${formatDuration(takesMs)}, over budget.wallClock ${formatDuration(wallClockMs)}; ` +
        `allowed: a shorter soak, or a budget of at least ${formatDuration(takesMs)}`,
    });
  }
  if (usd > 0 && plan.estimatedUsd > usd) {
    refused.push({
      field: 'budget.usd',
      message:
        `the campaign costs about $${plan.estimatedUsd.toFixed(2)} (${plan.hostsNeeded} hosts, $${plan.usdPerHour.toFixed(2)} an hour), ` +
        `over budget.usd ${usd}; allowed: a budget of at least ${plan.estimatedUsd.toFixed(2)}, or a smaller or shorter campaign`,
    });
  }
  return refused;
}
