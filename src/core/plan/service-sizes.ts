/** Sizes of services that are not gangs: weight, fewest and most replicas. BigFleet draws from the same table. */
export const SERVICE_SIZES = [
  { weight: 55, low: 1, high: 5 },
  { weight: 30, low: 6, high: 25 },
  { weight: 12, low: 26, high: 100 },
  { weight: 3, low: 101, high: 400 },
] as const;

/** Most replicas of an archetype that BigFleet deploys as a StatefulSet. */
export const STATEFUL_REPLICAS_MAX = 25;

const STATEFUL: ReadonlySet<string> = new Set(['stateful-db', 'memory-cache']);

/** Whether BigFleet deploys an archetype of this name as a StatefulSet, which it keeps small. */
export function isStateful(name: string): boolean {
  return STATEFUL.has(name);
}
