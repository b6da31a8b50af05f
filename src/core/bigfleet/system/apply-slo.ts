import { shardReplicasOf } from '../../model/shard-replicas.ts';
import type { GatePatch } from '../../model/gate-patch.ts';
import type { Profile, Slo } from '../../model/profile.ts';
import type { RunSize } from '../../model/system-extension.ts';
import { STEADY_SHARE } from '../../model/steady-share.ts';

type Gates = Readonly<Record<string, GatePatch>>;

/** Gates that hold a single upper bar of the profile's `slo`, under the same key. */
const UPPER_BARS = [
  'shardConfigurePhaseP99Seconds',
  'operatorNodeStateUpdateP99Seconds',
  'endToEndPodBindP50Seconds',
  'shardCycleDurationP99Seconds',
  'operatorRollupP99Seconds',
  'operatorAckP99Seconds',
] as const satisfies readonly (keyof Slo)[];

/** Of these upstream has a default, so that 0 is not "off". */
const NEVER_OFF: ReadonlySet<string> = new Set([
  'shardCycleDurationP99Seconds',
  'operatorRollupP99Seconds',
  'operatorAckP99Seconds',
]);

/**
 * BigFleet's gates with the bars of a profile's `slo`. Only gates of the system file are changed, except those that a profile
 * opts into: standing shortfall, preemption and cost routing. A bar of 0 makes a gate informational, as in BigFleet. The
 * profile's own `gates` are applied later and override these bars.
 */
export function applySlo(system: Gates, profile: Profile, size: RunSize): Gates {
  const { slo } = profile;
  const changed: Record<string, GatePatch> = { ...system };
  const put = (name: string, bar: GatePatch): void => {
    const own = system[name];
    if (own !== undefined) changed[name] = { ...withoutBar(own), ...bar };
  };
  for (const key of UPPER_BARS) {
    const max = slo[key];
    if (max === undefined) continue;
    if (max > 0) put(key, { max, bar: 'held' });
    else if (!NEVER_OFF.has(key)) put(key, OFF);
  }
  const ratio = slo.bootstrapSuccessRatio;
  if (ratio !== undefined) put('bootstrapSuccessRatio', ratio > 0 ? { min: ratio, bar: 'held' } : OFF);
  put('reclaimActionsDuringSoak', { max: slo.maxReclaimActionsDuringSoak ?? 0, bar: 'held' });
  put('loadgenCRsActive', { min: sustainedPods(profile, size), bar: 'held' });
  put('shardsReportingCycle', { min: size.shardReplicas ?? shardReplicasOf(profile), bar: 'held' });
  return { ...changed, ...standingShortfall(changed, slo), ...preemption(changed, slo), ...costRouting(slo) };
}

/** The least Pods that the load may fall to: 99.9 % of the target, or of the lowest target that the profile itself asks for. */
function sustainedPods(profile: Profile, size: RunSize): number {
  const { scaleDowns, demandSteps } = profile.loadProfile;
  const totalPods = size.totalPods ?? profile.scale.machines * profile.scale.density;
  const lowest = [...scaleDowns, ...demandSteps]
    .map(({ targetMultiplier }) => targetMultiplier)
    .filter((multiplier) => multiplier > 0)
    .reduce((least, multiplier) => Math.min(least, multiplier), 1);
  return STEADY_SHARE * Math.floor(totalPods * lowest);
}

/** Upstream's inverted gates: a shortfall must stand, be converged, and touch only the lowest class. */
function standingShortfall(system: Gates, slo: Slo): Gates {
  if (slo.expectStandingShortfall !== true) return {};
  const lowest = slo.shortfallConfinedBelowPriorityClass ?? '';
  const shortfalls = { ...withoutBar(system['shardShortfalls'] ?? {}), min: 1, bar: 'held' as const };
  const delta = system['shardShortfallsDelta'];
  const bound = system['podsBound'];
  return {
    // Pods without a Node are what such a profile is about.
    ...(bound === undefined ? {} : { podsBound: { ...bound, ...OFF } }),
    shardShortfalls: { ...shortfalls, description: 'There is a shortfall, as the profile expects' },
    ...(delta === undefined
      ? {}
      : { shardShortfallsDelta: { ...withoutBar(delta), max: slo.shortfallStabilityMax ?? 0, bar: 'held' as const } }),
    ...(lowest === ''
      ? {}
      : {
          shortfallAboveLowestClass: {
            description: `No shortfall of a class above ${lowest}`,
            unit: 'machines',
            query: `sum(bigfleet_shard_shortfalls_by_priority{priority_class!=${JSON.stringify(lowest)}}) or (0 * sum(bigfleet_shard_shortfalls))`,
            max: 0,
          },
        }),
  };
}

function preemption(system: Gates, slo: Slo): Gates {
  const own = system['preemptActions'];
  if (slo.expectPreemptions !== true || own === undefined) return {};
  return { preemptActions: { ...withoutBar(own), min: 1, bar: 'held' } };
}

/** Machines of each price must carry the Pods they are for. */
function costRouting(slo: Slo): Gates {
  if (slo.expectCostRouting !== true) return {};
  const tolerant = slo.costRoutingTolerantPenaltyBucket ?? '';
  const sensitive = slo.costRoutingSensitivePenaltyBucket ?? '';
  return {
    costRoutingCorrect: {
      description: 'Machines whose price suits their Pods: Spot for the tolerant, OnDemand for the sensitive',
      unit: 'machines',
      query: `${machines('Spot', tolerant)} + ${machines('OnDemand', sensitive)}`,
      min: 1,
    },
    costRoutingMisrouted: {
      description: 'Machines whose price does not suit their Pods',
      unit: 'machines',
      query: `${machines('OnDemand', tolerant)} + ${machines('Spot', sensitive)}`,
      max: slo.costRoutingMisroutedMax ?? 0,
    },
  };
}

/** Configured machines of a capacity type and penalty bucket; 0 where there are configured machines, but none of these. */
function machines(capacityType: string, bucket: string): string {
  const labels = `state="Configured",capacity_type=${JSON.stringify(capacityType)},interruption_penalty_bucket=${JSON.stringify(bucket)}`;
  return `(sum(bigfleet_shard_inventory_machines{${labels}}) or (0 * sum(bigfleet_shard_inventory_machines)))`;
}

const OFF: GatePatch = { bar: 'informational', failFast: false };

/** The gate without anything that says what its bar is. */
function withoutBar({ min: _min, max: _max, scale: _scale, bar: _bar, ...rest }: GatePatch): GatePatch {
  return rest;
}
