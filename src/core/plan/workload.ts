import type { Archetype, Catalogue } from '../model/catalogue.ts';
import { drawInteger, drawWeighted, randomStream } from './random.ts';
import type { Random } from './random.ts';
import { isStateful, SERVICE_SIZES, STATEFUL_REPLICAS_MAX } from './service-sizes.ts';

/**
 * Pods that belong together and share one shape, as the replicas of a Deployment or a gang do. It occupies the slots
 * `firstSlot` to `firstSlot + replicas - 1` of its cluster.
 */
export interface Workload {
  readonly index: number;
  readonly archetype: string;
  readonly firstSlot: number;
  readonly replicas: number;
  /** All replicas must be in one rack or one zone; undefined = wherever they fit. */
  readonly together: 'rack' | 'zone' | undefined;
  readonly resources: Readonly<Record<string, string>>;
  /** Values drawn on the archetype's label axes: wanted of the Node, carried by the Pod. */
  readonly labels: Readonly<Record<string, string>>;
  readonly priority: number;
  /** The archetype's spread constraint applies. */
  readonly spread: boolean;
}

/** One Pod that shall exist, whichever generation of it is alive. */
export interface PodSlot {
  readonly slot: number;
  readonly workload: Workload;
}

/** Priority of an archetype without priority classes, as in BigFleet. */
const DEFAULT_PRIORITY = 1_000;

/** Where a draw begins, and its purpose: draws of different purposes do not shift one another. */
export interface DrawStart {
  readonly purpose: string;
  readonly firstIndex: number;
  readonly firstSlot: number;
}

const STEADY: DrawStart = { purpose: 'workloads', firstIndex: 0, firstSlot: 0 };

/**
 * Draws workloads until their replicas sum to exactly `targetPods`; the last one is cut to fit. Archetypes are drawn by weight
 * (0 counts as 1, burst-only archetypes are never drawn), replicas by gang size or service size. Every cluster of a campaign
 * draws differently.
 * @throws RangeError when Pods are wanted and no archetype may be drawn
 */
export function drawWorkloads(
  catalogue: Catalogue,
  targetPods: number,
  seed: number,
  clusterIndex = 0,
  start = STEADY,
): readonly Workload[] {
  const archetypes = demandedArchetypes(catalogue);
  if (targetPods > 0 && archetypes.length === 0) {
    throw new RangeError(
      `catalogue ${catalogue.name}: every archetype is burstOnly, so ${targetPods} Pods cannot be drawn`,
    );
  }
  const random = randomStream(seed, start.purpose, clusterIndex);
  return fill(random, targetPods, start, (left) => {
    const archetype = drawWeighted(random, archetypes, weightOf);
    return { archetype, replicas: Math.min(drawReplicas(random, archetype), left) };
  });
}

/**
 * Draws workloads of one archetype until they have at least `pods` replicas. Services are cut to fit; a gang is never cut, so
 * a burst of 1 is one full gang, as in BigFleet.
 */
export function drawBurst(
  archetype: Archetype,
  pods: number,
  seed: number,
  clusterIndex: number,
  start: DrawStart,
): readonly Workload[] {
  const random = randomStream(seed, start.purpose, clusterIndex);
  return fill(random, pods, start, (left) => {
    const replicas = drawReplicas(random, archetype);
    return { archetype, replicas: comesWhole(archetype) ? replicas : Math.min(replicas, left) };
  });
}

/** Whether workloads of an archetype are never cut to fit. */
export function comesWhole(archetype: Archetype): boolean {
  return archetype.sameRack || archetype.sameZone || archetype.groupSizeRange !== undefined;
}

function fill(
  random: Random,
  pods: number,
  start: DrawStart,
  draw: (left: number) => { readonly archetype: Archetype; readonly replicas: number },
): readonly Workload[] {
  const workloads: Workload[] = [];
  for (let made = 0; made < pods; made += workloads.at(-1)?.replicas ?? 0) {
    const { archetype, replicas } = draw(pods - made);
    workloads.push({
      index: start.firstIndex + workloads.length,
      firstSlot: start.firstSlot + made,
      replicas,
      ...drawShape(random, archetype),
    });
  }
  return workloads;
}

/** The slots of a cluster in order: slot i is at index i. */
export function podSlots(workloads: readonly Workload[]): readonly PodSlot[] {
  return workloads.flatMap((workload) =>
    Array.from({ length: workload.replicas }, (_, replica) => ({ slot: workload.firstSlot + replica, workload })),
  );
}

/** Name of a slot's Pod. It follows from its place alone, so creating it twice changes nothing. */
export function podName(slug: string, slot: number, generation: number): string {
  return `${slug}-p${slot}-g${generation}`;
}

/** The archetypes of which steady demand is drawn. */
export function demandedArchetypes(catalogue: Catalogue): readonly Archetype[] {
  const demand = catalogue.demandArchetypes.length > 0 ? catalogue.demandArchetypes : catalogue.archetypes;
  return demand.filter((archetype) => !archetype.burstOnly);
}

function weightOf({ weight }: Archetype): number {
  return weight > 0 ? weight : 1;
}

function drawReplicas(random: Random, archetype: Archetype): number {
  if (archetype.groupSizeRange !== undefined) return drawInteger(random, ...archetype.groupSizeRange);
  if (archetype.sameRack || archetype.sameZone) return 1;
  const size = drawWeighted(random, SERVICE_SIZES, ({ weight }) => weight);
  const replicas = drawInteger(random, size.low, size.high);
  return isStateful(archetype.name) ? Math.min(replicas, STATEFUL_REPLICAS_MAX) : replicas;
}

function drawShape(random: Random, archetype: Archetype): Omit<Workload, 'index' | 'firstSlot' | 'replicas'> {
  const { resources } = drawWeighted(random, archetype.sizeBuckets, ({ weight }) => (weight > 0 ? weight : 1));
  const labels = archetype.labelAxes.map(({ key, count }) => [key, `v${drawInteger(random, 0, count - 1)}`] as const);
  const priorities = archetype.priorityClasses;
  return {
    archetype: archetype.name,
    together: archetype.sameRack ? 'rack' : archetype.sameZone ? 'zone' : undefined,
    resources,
    labels: Object.fromEntries(labels),
    priority: priorities[drawInteger(random, 0, priorities.length - 1)] ?? DEFAULT_PRIORITY,
    spread: archetype.spreadConstraint !== undefined && random() < archetype.spreadConstraintProb,
  };
}
