import { requestedFault } from '../faults/registry.ts';
import { counted } from '../text/counted.ts';
import { formatDuration } from '../text/duration.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import type { Substrate } from '../model/substrate.ts';
import { traitsOf } from '../model/substrate-types.ts';
import type { System } from '../model/system.ts';
import { extensionOf } from '../profile/extensions.ts';
import { leastMs } from '../model/expected-time.ts';
import { gangRefusals } from './gang-room.ts';
import { API_LIST_OBJECTS } from './limits.ts';
import type { Capacity, Infeasibility } from './infeasibility.ts';
import type { Plan } from './plan.ts';
import { podRefusals } from './pod-refusals.ts';
import { seedRefusals } from './seed-reach.ts';

/** What feasibility depends on in a system. */
type SystemTraits = Pick<System, 'capacity' | 'extension' | 'gates'> & {
  readonly install: Pick<System['install'], 'helm'>;
};

/** Every reason that is known before the start why a campaign must fail; empty when there is none. */
export function checkFeasible(
  profile: Profile,
  substrate: Substrate,
  plan: Plan,
  catalogue: Catalogue,
  system: SystemTraits,
): readonly Infeasibility[] {
  // Tiers and targets are values of the extension's chart: a system that merely has its gates has neither.
  const extension = system.install.helm === undefined ? undefined : extensionOf(system);
  const capacity: Capacity =
    extension?.hasTiers === true ? 'tiers' : system.capacity === 'system' ? 'elastic' : 'seeded';
  return [
    ...demandRefusals(profile, substrate, plan, extension?.needsEqualClusters === true),
    ...seedRefusals(profile, plan, catalogue, capacity),
    ...actionRefusals(profile, plan),
    ...loadEventRefusals(profile, catalogue),
    ...gangRefusals(profile, plan, catalogue, capacity),
    ...podRefusals(profile, catalogue, system),
    ...budgetRefusals(profile, plan),
  ];
}

/** The demand must equal what the seed was sized for. (BigFleet rounds it up per cluster, in the worst case to the double.) */
function demandRefusals(
  profile: Profile,
  substrate: Substrate,
  plan: Plan,
  equalClusters: boolean,
): readonly Infeasibility[] {
  const refused: Infeasibility[] = [];
  const { machines, density } = profile.scale;
  const demand = plan.totalPods;
  if (demand !== machines * density) {
    refused.push({
      field: 'scale.machines',
      message:
        `demand of ${demand} Pods over ${counted(plan.clusterCount, 'cluster')} differs from scale.machines ${machines} x ` +
        `scale.density ${density} = ${machines * density}; allowed: equal to the Pod`,
    });
  }
  const inOne = Math.ceil(plan.totalPods / plan.clusterCount);
  if (inOne > API_LIST_OBJECTS) {
    refused.push({
      field: 'cluster.podsPerCluster',
      message:
        `found ${substrate.cluster.podsPerCluster}, which puts ${inOne} Pods into one cluster; allowed: at most ${API_LIST_OBJECTS}, as many as ` +
        `are watched in one`,
    });
  }
  if (equalClusters && plan.totalPods % plan.clusterCount !== 0) {
    const perCluster = Math.ceil(plan.totalPods / plan.clusterCount);
    refused.push({
      field: 'scale.machines',
      message:
        `${plan.totalPods} Pods do not divide over ${counted(plan.clusterCount, 'cluster')}, and system ${profile.system} gives every ` +
        `cluster the same target: ${perCluster} each would ask for ${perCluster * plan.clusterCount}; allowed: ` +
        `scale.machines x scale.density a multiple of ${plan.clusterCount}, or another cluster.podsPerCluster than ` +
        `${substrate.cluster.podsPerCluster}`,
    });
  }
  const offered = traitsOf(substrate).offers?.(substrate);
  if (offered !== undefined && offered.clusters < plan.clusterCount) {
    refused.push({
      field: offered.field,
      message:
        `${plan.totalPods} Pods need ${counted(plan.clusterCount, 'cluster')} of cluster.podsPerCluster ` +
        `${substrate.cluster.podsPerCluster}; found ${offered.clusters} ${offered.noun}; allowed: at least ${plan.clusterCount}`,
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
  const takesMs = leastMs(rampSeconds, soakSeconds);
  if (wallClockMs > 0 && takesMs > wallClockMs) {
    refused.push({
      field: 'budget.wallClock',
      message:
        `ramp and soak take ${formatDuration(takesMs)}, over budget.wallClock ${formatDuration(wallClockMs)}; ` +
        `allowed: a shorter soak, or a budget of at least ${formatDuration(takesMs)}`,
    });
  }
  if (usd > 0 && plan.estimatedUsd > usd) {
    refused.push({
      field: 'budget.usd',
      message:
        `the campaign costs about $${plan.estimatedUsd.toFixed(2)} (${counted(plan.hostsNeeded, 'host')}, $${plan.usdPerHour.toFixed(2)} an hour), ` +
        `over budget.usd ${usd}; allowed: a budget of at least ${plan.estimatedUsd.toFixed(2)}, or a smaller or shorter campaign`,
    });
  }
  return refused;
}
