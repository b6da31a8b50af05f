import { MIN_STEADY_SHARE } from '../gates/bigfleet-bars.ts';
import type { Archetype, Catalogue, Profile } from '../profile/model.ts';
import type { Capacity, Infeasibility } from './feasibility.ts';
import type { Plan } from './plan.ts';

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
  const gate = Math.floor(MIN_STEADY_SHARE * plan.totalPods);
  const shards = capacity === 'tiers' ? shardKinds(plan) : [WHOLE_CAMPAIGN];
  const placeable = Math.floor(
    shards.reduce((sum, shard) => sum + shard.count * placeablePods(plan, catalogue, capacity, shard), 0) + ROUNDING,
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
  const uneven = capacity === 'tiers' ? unevenShards(plan) : undefined;
  return [
    {
      field: 'seed.configuredFraction',
      message:
        `the seed cannot reach the steady gate: ${tiers} ${placeable} of ${plan.totalPods} Pods, and the gate is ${gate} ` +
        `(seed.configuredFraction ${seed.configuredFraction}, seed.idleHeadroomFraction ${seed.idleHeadroomFraction}, ` +
        `seed.speculativeMultiplier ${seed.speculativeMultiplier}, seed.speculativeCount ${seed.speculativeCount}` +
        `${uneven === undefined ? '' : `; ${uneven.why}`}); ` +
        `allowed: ${uneven === undefined ? '' : `${uneven.remedy}, or `}${remedy}`,
    },
  ];
}

/** Sums of shares of shards come out a hair below the whole number they mean. */
const ROUNDING = 1e-6;

/** Shards that own the same share of the clusters: how many, that share, and each one's share of the shards' tiers. */
interface ShardKind {
  readonly count: number;
  readonly ofClusters: number;
  readonly ofTiers: number;
}

/** Machines that anybody may use: nothing is sharded. */
const WHOLE_CAMPAIGN: ShardKind = { count: 1, ofClusters: 1, ofTiers: 1 };

/** Cluster N belongs to shard N % replicas (`reference/bigfleet-harness.md` §1), so the first shards may own one more. */
function shardKinds({ clusterCount, shardReplicas }: Plan): readonly ShardKind[] {
  const least = Math.floor(clusterCount / shardReplicas);
  const larger = clusterCount % shardReplicas;
  const ofTiers = 1 / shardReplicas;
  return [
    { count: larger, ofClusters: (least + 1) / clusterCount, ofTiers },
    { count: shardReplicas - larger, ofClusters: least / clusterCount, ofTiers },
  ];
}

/** Why equal tiers do not suit shards that own unequal numbers of clusters; undefined where all own the same. */
function unevenShards(plan: Plan): { readonly why: string; readonly remedy: string } | undefined {
  const { clusterCount, shardReplicas } = plan;
  if (clusterCount % shardReplicas === 0) return undefined;
  const rule = `cluster N belongs to shard N % topology.shardReplicas ${shardReplicas}`;
  return clusterCount < shardReplicas
    ? {
        why: `${rule}: ${shardReplicas - clusterCount} of the shards own none of the ${clusterCount} clusters, and their machines help nobody`,
        remedy: `topology.shardReplicas at most ${clusterCount}`,
      }
    : {
        why: `${rule}: of ${clusterCount} clusters some shards own ${Math.floor(clusterCount / shardReplicas)}, others one more, and each has the same machines`,
        remedy: `topology.shardReplicas a divisor of ${clusterCount}`,
      };
}

/** Pods of a shard that find a machine, taking archetypes together that can use each other's instance types. */
function placeablePods(plan: Plan, catalogue: Catalogue, capacity: Capacity, shard: ShardKind): number {
  const byName = new Map<string, Archetype>(
    [...catalogue.archetypes, ...catalogue.seedArchetypes].map((archetype) => [archetype.name, archetype]),
  );
  const groups: { types: Set<string>; pods: number; slots: number }[] = [];
  for (const row of plan.seed) {
    const elastic = capacity === 'tiers' ? row.speculative + row.spot : 0;
    const machines = row.configured * shard.ofClusters + (row.idle + elastic) * shard.ofTiers;
    const group = {
      types: new Set(byName.get(row.archetype)?.instanceTypes ?? [row.archetype]),
      pods: row.expectedPods * shard.ofClusters,
      slots: machines * row.podsPerMachine,
    };
    // Merge every group that shares an instance type, which may join groups that did not touch before.
    for (let index = groups.length - 1; index >= 0; index -= 1) {
      const other = groups[index];
      if (other === undefined || ![...other.types].some((type) => group.types.has(type))) continue;
      group.types = new Set([...group.types, ...other.types]);
      group.pods += other.pods;
      group.slots += other.slots;
      groups.splice(index, 1);
    }
    groups.push(group);
  }
  return groups.reduce((sum, group) => sum + Math.min(group.pods, group.slots), 0);
}
