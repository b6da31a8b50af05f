import { STEADY_SHARE } from '../model/steady-share.ts';
import type { Archetype, Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import type { Capacity, Infeasibility } from './infeasibility.ts';
import type { Plan, SeedRow } from './plan.ts';
import { podShare, podsPerMachine, seededArchetypes } from './seed-sizing.ts';
import { largestRemainder } from './whole-numbers.ts';
import { demandedArchetypes } from './workload.ts';

/** The seed must hold the Pods that the steady gate asks for, unless falling short is what is tested. */
export function seedRefusals(
  profile: Profile,
  plan: Plan,
  catalogue: Catalogue,
  capacity: Capacity,
): readonly Infeasibility[] {
  const { seed, slo } = profile;
  const unsaid =
    seed.configuredFraction === 0 &&
    seed.idleHeadroomFraction === 0 &&
    seed.speculativeMultiplier === 0 &&
    seed.speculativeCount === 0 &&
    seed.spotCount === 0;
  if (capacity === 'elastic' || slo.expectStandingShortfall === true || plan.seed.length === 0) return [];
  // A profile without a seed asks Belay for as many Nodes as its Pods need; a tiered system would have none at all.
  if (unsaid && capacity === 'seeded') return [];
  const gate = Math.floor(STEADY_SHARE * plan.totalPods);
  const shards = capacity === 'tiers' ? shardKinds(plan) : [WHOLE_CAMPAIGN];
  const placeable = Math.floor(
    shards.reduce(
      (sum, shard) =>
        sum + shard.count * placeablePods({ plan, catalogue, capacity, density: profile.scale.density }, shard),
      0,
    ) + ROUNDING,
  );
  if (placeable >= gate) return [];
  const tiers =
    capacity === 'tiers'
      ? 'its configured, idle, speculative and spot machines hold'
      : 'its configured and idle machines hold';
  const least = Math.ceil((1 - seed.idleHeadroomFraction) * 1_000) / 1_000;
  const remedy =
    capacity === 'tiers'
      ? 'more of seed.speculativeMultiplier, seed.idleHeadroomFraction or seed.configuredFraction'
      : least > seed.configuredFraction
        ? `seed.configuredFraction + seed.idleHeadroomFraction at least 1, e.g. seed.configuredFraction ${least}`
        : 'more of seed.idleHeadroomFraction';
  const causes = [capacity === 'tiers' ? unevenShards(plan) : undefined, homeless(catalogue)].filter(
    (cause) => cause !== undefined,
  );
  return [
    {
      field: 'seed.configuredFraction',
      message:
        `the seed cannot reach the steady gate: ${tiers} ${placeable} of ${plan.totalPods} Pods, and the gate is ${gate} ` +
        `(seed.configuredFraction ${seed.configuredFraction}, seed.idleHeadroomFraction ${seed.idleHeadroomFraction}, ` +
        `seed.speculativeMultiplier ${seed.speculativeMultiplier}, seed.speculativeCount ${seed.speculativeCount}` +
        `${causes.map(({ why }) => `; ${why}`).join('')}); ` +
        `allowed: ${causes.map((cause) => `${cause.remedy}, or `).join('')}${remedy}`,
    },
  ];
}

/** Sums of shares are slightly below the whole number, because of binary rounding. */
const ROUNDING = 1e-6;

/** Shards that own the same share of the clusters: how many, that share, and each one's share of the shards' tiers. */
interface ShardKind {
  readonly count: number;
  readonly ofClusters: number;
  readonly ofTiers: number;
}

/** Machines without shards: every cluster may use all of them. */
const WHOLE_CAMPAIGN: ShardKind = { count: 1, ofClusters: 1, ofTiers: 1 };

/** BigFleet assigns cluster N to shard N % replicas, so the first shards may own one cluster more. */
function shardKinds({ clusterCount, shardReplicas }: Plan): readonly ShardKind[] {
  const least = Math.floor(clusterCount / shardReplicas);
  const larger = clusterCount % shardReplicas;
  const ofTiers = 1 / shardReplicas;
  return [
    { count: larger, ofClusters: (least + 1) / clusterCount, ofTiers },
    { count: shardReplicas - larger, ofClusters: least / clusterCount, ofTiers },
  ];
}

/** A cause that more machines alone would not remove. */
interface Cause {
  readonly why: string;
  readonly remedy: string;
}

/** Archetypes of the demand that share no instance type with the seed; undefined where there are none. */
function homeless(catalogue: Catalogue): Cause | undefined {
  const types = new Set(seededArchetypes(catalogue).flatMap(({ instanceTypes }) => instanceTypes));
  const without = demandedArchetypes(catalogue).filter(
    ({ instanceTypes }) => !instanceTypes.some((type) => types.has(type)),
  );
  if (without.length === 0) return undefined;
  const named = without.map(({ name, instanceTypes }) => `${name} (${instanceTypes.join(', ')})`).join(', ');
  return {
    why: `no machine of the seed has an instance type of ${named}`,
    remedy: `an entry of seedArchetypes in catalogue ${catalogue.name} with these instance types`,
  };
}

/** Why equal tiers do not suit shards with unequal numbers of clusters; undefined where all have the same number. */
function unevenShards(plan: Plan): Cause | undefined {
  const { clusterCount, shardReplicas } = plan;
  if (clusterCount % shardReplicas === 0) return undefined;
  const rule = `cluster N belongs to shard N % topology.shardReplicas ${shardReplicas}`;
  return clusterCount < shardReplicas
    ? {
        why: `${rule}: ${shardReplicas - clusterCount} of the shards own none of the ${clusterCount} clusters, and their machines are of no use`,
        remedy: `topology.shardReplicas at most ${clusterCount}`,
      }
    : {
        why: `${rule}: of ${clusterCount} clusters some shards own ${Math.floor(clusterCount / shardReplicas)}, others one more, and each has the same machines`,
        remedy: `topology.shardReplicas a divisor of ${clusterCount}`,
      };
}

/** What is asked of a shard. */
interface SeedRequest {
  readonly plan: Plan;
  readonly catalogue: Catalogue;
  readonly capacity: Capacity;
  readonly density: number;
}

/** Archetypes that can use each other's machines, taken together. */
interface Group {
  readonly types: ReadonlySet<string>;
  readonly pods: number;
  readonly slots: number;
}

/** Pods of a shard that find a machine: those of the demand, on the machines of the seed whose instance type they take. */
function placeablePods(request: SeedRequest, shard: ShardKind): number {
  const { plan, catalogue, capacity, density } = request;
  const demand = demandedArchetypes(catalogue);
  const wanted = largestRemainder(plan.totalPods, demand.map(podShare));
  let groups: readonly Group[] = [];
  for (const [index, { instanceTypes }] of demand.entries()) {
    const pods = (wanted[index] ?? 0) * shard.ofClusters;
    groups = joined(groups, { types: new Set(instanceTypes), pods, slots: 0 });
  }
  const seeded = new Map(seededArchetypes(catalogue).map((archetype) => [archetype.name, archetype]));
  for (const row of plan.seed) {
    const types = seeded.get(row.archetype)?.instanceTypes ?? [row.archetype];
    const elastic = capacity === 'tiers' ? row.speculative + row.spot : 0;
    const machines = row.configured * shard.ofClusters + (row.idle + elastic) * shard.ofTiers;
    groups = joined(groups, { types: new Set(types), pods: 0, slots: machines * podsOn(row, types, demand, density) });
  }
  return groups.reduce((sum, group) => sum + Math.min(group.pods, group.slots), 0);
}

/** Pods that one machine of a row holds: of its own archetype where that is asked for, else of the smallest that takes it. */
function podsOn(row: SeedRow, types: readonly string[], demand: readonly Archetype[], density: number): number {
  const own = demand.some(({ name }) => name === row.archetype);
  const takers = demand.filter(({ instanceTypes }) => instanceTypes.some((type) => types.includes(type)));
  if (own || takers.length === 0) return row.podsPerMachine;
  return takers.reduce((most, archetype) => Math.max(most, podsPerMachine(archetype, density)), 0);
}

/** Adds a group, merged with all that share an instance type with it, which may join some that did not touch before. */
function joined(groups: readonly Group[], added: Group): readonly Group[] {
  const touching = groups.filter(({ types }) => [...types].some((type) => added.types.has(type)));
  const merged = touching.reduce(
    (all, one) => ({
      types: new Set([...all.types, ...one.types]),
      pods: all.pods + one.pods,
      slots: all.slots + one.slots,
    }),
    added,
  );
  return [...groups.filter((group) => !touching.includes(group)), merged];
}
