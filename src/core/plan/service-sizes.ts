/** Sizes of services that are no gang: weight, fewest and most replicas (`reference/bigfleet-harness.md` §5). */
export const SERVICE_SIZES = [
  { weight: 55, low: 1, high: 5 },
  { weight: 30, low: 6, high: 25 },
  { weight: 12, low: 26, high: 100 },
  { weight: 3, low: 101, high: 400 },
] as const;

/** Replicas above which an archetype that becomes a StatefulSet is cut. */
export const STATEFUL_REPLICAS_MAX = 25;

const STATEFUL: ReadonlySet<string> = new Set(['stateful-db', 'memory-cache']);

/** Whether an archetype of this name becomes a StatefulSet upstream and is kept small. */
export function isStateful(name: string): boolean {
  return STATEFUL.has(name);
}
