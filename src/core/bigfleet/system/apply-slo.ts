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

/** A shard whose last cycle ended this many bars of a cycle ago hangs. */
const CYCLE_AGE_BARS = 3;

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
  const cycle = slo.shardCycleDurationP99Seconds ?? 0;
  if (cycle > 0) put('shardCycleAge', { max: CYCLE_AGE_BARS * cycle, bar: 'held' });
  const ratio = slo.bootstrapSuccessRatio;
  if (ratio !== undefined) put('bootstrapSuccessRatio', ratio > 0 ? { min: ratio, bar: 'held' } : OFF);
  put('reclaimActionsDuringSoak', { max: slo.maxReclaimActionsDuringSoak ?? 0, bar: 'held' });
  put('loadgenCRsActive', { min: sustainedPods(profile, size), bar: 'held' });
  put('shardsReportingCycle', { min: size.shardReplicas ?? shardReplicasOf(profile), bar: 'held' });
  return {
    ...changed,
    ...standingShortfall(changed, slo),
    ...preemption(changed, slo),
    ...costRouting(slo, bornWithFirstEvent(system)),
  };
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
  const off = ['podsBound', 'podsReady'].flatMap((name) => {
    const own = system[name];
    return own === undefined ? [] : [[name, { ...own, ...OFF }] as const];
  });
  return {
    // Pods without a Node are what such a profile is about.
    ...Object.fromEntries(off),
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
            query: `sum(bigfleet_shard_shortfalls_by_priority{priority_class!=${JSON.stringify(lowest)}})`,
            ...bornWithFirstEvent(system),
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

/**
 * Machines of each price must carry the Pods they are for. A class of machines that never existed has no series, and so has one
 * whose bucket is misspelt. So both buckets must have machines before any of the two numbers counts.
 */
function costRouting(slo: Slo, born: GatePatch): Gates {
  if (slo.expectCostRouting !== true) return {};
  const tolerant = slo.costRoutingTolerantPenaltyBucket ?? '';
  const sensitive = slo.costRoutingSensitivePenaltyBucket ?? '';
  return {
    costRoutingBuckets: {
      description: 'Penalty buckets of the profile that have configured machines',
      unit: 'buckets',
      query: `count(group by (interruption_penalty_bucket) (${machines([undefined, tolerant], [undefined, sensitive])}))`,
      min: 2,
      bar: 'informational',
    },
    costRoutingCorrect: {
      description: 'Machines whose price suits their Pods: Spot for the tolerant, OnDemand for the sensitive',
      unit: 'machines',
      query: `sum(${machines(['Spot', tolerant], ['OnDemand', sensitive])})`,
      ...born,
      restsOn: ['costRoutingBuckets'],
      min: 1,
    },
    costRoutingMisrouted: {
      description: 'Machines whose price does not suit their Pods',
      unit: 'machines',
      query: `sum(${machines(['OnDemand', tolerant], ['Spot', sensitive])})`,
      ...born,
      restsOn: ['costRoutingBuckets'],
      max: slo.costRoutingMisroutedMax ?? 0,
    },
  };
}

/** The series of configured machines of some capacity types and penalty buckets; no type = any. */
function machines(...classes: readonly (readonly [capacityType: string | undefined, bucket: string])[]): string {
  return classes
    .map(([capacityType, bucket]) => {
      const type = capacityType === undefined ? '' : `,capacity_type=${JSON.stringify(capacityType)}`;
      return `bigfleet_shard_inventory_machines{state="Configured"${type},interruption_penalty_bucket=${JSON.stringify(bucket)}}`;
    })
    .join(' or ');
}

/** For a gate on series of the shards that are born with their first event: the job that serves them must be up. */
function bornWithFirstEvent(system: Gates): GatePatch {
  const job = system['reclaimActionsDuringSoak']?.job;
  return job === undefined ? {} : { absentIs: 0, job };
}

const OFF: GatePatch = { bar: 'informational', failFast: false };

/** The gate without anything that says what its bar is. */
function withoutBar({ min: _min, max: _max, scale: _scale, bar: _bar, ...rest }: GatePatch): GatePatch {
  return rest;
}
