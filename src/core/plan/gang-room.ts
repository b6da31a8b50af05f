import type { Archetype, Catalogue } from '../model/catalogue.ts';
import type { Profile } from '../model/profile.ts';
import type { Capacity, Infeasibility } from './infeasibility.ts';
import type { Plan, SeedRow } from './plan.ts';
import { isGang, podsPerMachine, seededArchetypes } from './seed-sizing.ts';
import { podsOfSmallestCluster } from './cluster-pods.ts';

/**
 * Gangs that no zone can hold whole. Belay lays its own Nodes out around the gangs that are drawn, so there only the
 * cluster's Pods bound those of the steady demand; every gang of a tiered system must fit into the machines that the seed
 * gives a zone. A rack lies in one zone, so the bound of a zone holds for it as well.
 */
export function gangRefusals(
  profile: Profile,
  plan: Plan,
  catalogue: Catalogue,
  capacity: Capacity,
): readonly Infeasibility[] {
  if (capacity === 'elastic') return [];
  const demand = catalogue.demandArchetypes.length > 0 ? catalogue.demandArchetypes : catalogue.archetypes;
  const bursts = new Set(profile.loadProfile.bursts.map((burst) => burst.archetype));
  const inZone = machinesInZone(plan, catalogue);
  const podsOfSmallest = podsOfSmallestCluster(plan);
  const refused: Infeasibility[] = [];
  for (const archetype of demand) {
    const inBurst = bursts.has(archetype.name);
    if (!isGang(archetype) || archetype.groupSizeRange === undefined || (archetype.burstOnly && !inBurst)) continue;
    const [low, high] = archetype.groupSizeRange;
    const each = podsPerMachine(archetype, profile.scale.density);
    const where = archetype.sameRack ? 'a rack' : 'a zone';
    if (capacity === 'tiers') {
      const machines = inZone(archetype);
      if (machines * each < high) {
        refused.push({
          field: `archetypes.${archetype.name}.groupSizeRange`,
          message:
            `a gang of ${archetype.name} has up to ${high} Pods, which must share ${where}, and a zone has ${machines} machines ` +
            `for ${each} of them each, ${machines * each} Pods; allowed: groupSizeRange up to ${machines * each}, or a larger seed`,
        });
      }
    } else if (!archetype.burstOnly && low > podsOfSmallest) {
      refused.push({
        field: `archetypes.${archetype.name}.groupSizeRange`,
        message:
          `a gang of ${archetype.name} has at least ${low} Pods, which must share ${where}, and a cluster is given ` +
          `${podsOfSmallest} Pods in all; allowed: groupSizeRange from at most ${podsOfSmallest}, or more Pods a cluster`,
      });
    }
  }
  return refused;
}

/** Machines of one cluster in one zone that an archetype's Pods can use: those whose instance types it shares. */
function machinesInZone(plan: Plan, catalogue: Catalogue): (archetype: Archetype) => number {
  const typesOf = new Map(seededArchetypes(catalogue).map((archetype) => [archetype.name, archetype.instanceTypes]));
  // What is not configured belongs to the cluster's shard, and can go to whichever of its clusters asks; the other shards'
  // machines never come here.
  const machinesOf = (row: SeedRow): number =>
    Math.floor(row.configured / plan.clusterCount) +
    Math.floor((row.idle + row.speculative + row.spot) / plan.shardReplicas);
  return (archetype) => {
    const wanted = new Set(archetype.instanceTypes);
    const machines = plan.seed
      .filter((row) => typesOf.get(row.archetype)?.some((type) => wanted.has(type)))
      .reduce((sum, row) => sum + machinesOf(row), 0);
    return Math.floor(machines / Math.max(1, archetype.zones.length));
  };
}
