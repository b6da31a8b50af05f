import type { Archetype, Catalogue } from '../model/catalogue.ts';
import { isStateful, SERVICE_SIZES, STATEFUL_REPLICAS_MAX } from './service-sizes.ts';
import { ceilDiv, largestRemainder } from './whole-numbers.ts';

/*
 * How many machines a number of Pods needs, by archetype. Every rule comes from BigFleet's ADR-0044; docs/upstream.md has the
 * formulas.
 */

/** Resources that do not make a machine special. */
const ORDINARY_RESOURCES: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** The archetypes that machines are seeded for. */
export function seededArchetypes(catalogue: Catalogue): readonly Archetype[] {
  return catalogue.seedArchetypes.length > 0 ? catalogue.seedArchetypes : catalogue.archetypes;
}

/** Whether Pods of the archetype come in groups that must be placed together. */
export function isGang(archetype: Archetype): boolean {
  return archetype.sameRack || archetype.sameZone;
}

/** Least and most Pods of a gang; 1 where a bound is unset, and never most below least. */
function gangSizes(archetype: Archetype): readonly [number, number] {
  const [low, high] = archetype.groupSizeRange ?? [0, 0];
  const least = Math.max(1, low);
  return [least, Math.max(least, high)];
}

/** Expected replicas of one workload: the middle of a gang's range (1 without one), or the mean of the service sizes. */
export function expectedReplicas(archetype: Archetype): number {
  if (isGang(archetype)) {
    const [low, high] = gangSizes(archetype);
    return (low + high) / 2;
  }
  const most = isStateful(archetype.name) ? STATEFUL_REPLICAS_MAX : Number.POSITIVE_INFINITY;
  let weights = 0;
  let sum = 0;
  for (const { weight, low, high } of SERVICE_SIZES) {
    weights += weight;
    sum += weight * ((Math.min(low, most) + Math.min(high, most)) / 2);
  }
  return sum / weights;
}

/** Weight of the archetype's Pods among all Pods; a weight of 0 counts as 1, Pods of bursts only do not count. */
export function podShare(archetype: Archetype): number {
  if (archetype.burstOnly) return 0;
  return (archetype.weight > 0 ? archetype.weight : 1) * expectedReplicas(archetype);
}

/** Pods of the archetype that one machine holds: its own number, one where it needs a special resource, else the density. */
export function podsPerMachine(archetype: Archetype, density: number): number {
  if (archetype.podsPerNode > 0) return archetype.podsPerNode;
  const special = archetype.sizeBuckets.some(({ resources }) =>
    Object.keys(resources).some((name) => !ORDINARY_RESOURCES.has(name)),
  );
  return special ? 1 : Math.max(1, density);
}

/** Machines a gang needs beyond its share, so that the largest one fits into whichever zone it is drawn for. */
export function gangFloor(archetype: Archetype): number {
  if (!isGang(archetype) || archetype.burstOnly) return 0;
  return gangSizes(archetype)[1] * Math.max(1, archetype.zones.length);
}

/** Machines for one archetype's part of `totalPods`, without its gang floor; `shareSum` is the sum of all Pod shares. */
export function machinesForShare(archetype: Archetype, density: number, totalPods: number, shareSum: number): number {
  const share = podShare(archetype);
  if (share === 0 || shareSum === 0) return 0;
  return Math.ceil((totalPods * share) / shareSum / podsPerMachine(archetype, density));
}

/** Machines that `totalPods` need in all (`machinesEffective`): each archetype's part, and every gang floor on top. */
export function machinesForPods(archetypes: readonly Archetype[], density: number, totalPods: number): number {
  if (totalPods <= 0) return 0;
  if (archetypes.length === 0) return ceilDiv(totalPods, Math.max(1, density));
  const shareSum = sumOfShares(archetypes);
  return archetypes.reduce(
    (sum, archetype) => sum + machinesForShare(archetype, density, totalPods, shareSum) + gangFloor(archetype),
    0,
  );
}

/** Sum of the archetypes' Pod shares. */
export function sumOfShares(archetypes: readonly Archetype[]): number {
  return archetypes.reduce((sum, archetype) => sum + podShare(archetype), 0);
}

/**
 * Splits `total` machines of a tier over the archetypes, by largest remainder on the machines each one's Pods need; then
 * lifts each gang to its floor, so that the parts may sum to more than `total`. Nothing for a total of 0.
 */
export function allocateMachines(archetypes: readonly Archetype[], density: number, total: number): readonly number[] {
  if (total <= 0) return archetypes.map(() => 0);
  const shares = archetypes.map((archetype) => podShare(archetype) / podsPerMachine(archetype, density));
  const parts = largestRemainder(total, shares);
  return archetypes.map((archetype, index) => Math.max(parts[index] ?? 0, gangFloor(archetype)));
}
