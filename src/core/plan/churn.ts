import { drawInteger, randomStream } from './random.ts';

/** One replacement in the soak: the slot's Pod is deleted and its next generation created, at `atMs` from the soak's start. */
export interface ChurnOperation {
  readonly atMs: number;
  readonly slot: number;
  readonly generation: number;
}

/**
 * The soak's replacements in order of time: `churnPerMinute` of `pods` every minute, each at a random moment within its
 * slice of time. Slots come in a shuffled order that repeats, so that a Pod is replaced again only after every other one
 * was. Operation k of a slot always creates generation k: a resumed soak sees from a Pod's name what was done.
 */
export function churnTimes(request: {
  readonly pods: number;
  /** Share of the Pods replaced in a minute, e.g. 0.1. */
  readonly churnPerMinute: number;
  readonly durationMs: number;
  readonly seed: number;
  /** Each cluster draws its own order. */
  readonly clusterIndex?: number;
  /** Draws of different purposes do not shift one another. */
  readonly purpose?: string;
}): readonly ChurnOperation[] {
  const { pods, churnPerMinute, durationMs } = request;
  const count = Math.floor((pods * churnPerMinute * durationMs) / 60_000);
  const random = randomStream(request.seed, request.purpose ?? 'churn', request.clusterIndex ?? 0);
  const order = Array.from({ length: pods }, (_, slot) => slot);
  // Fisher and Yates' shuffle.
  for (let last = pods - 1; last > 0; last--) {
    const other = drawInteger(random, 0, last);
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  const sliceMs = durationMs / count;
  return Array.from({ length: count }, (_, index) => ({
    atMs: Math.floor((index + random()) * sliceMs),
    slot: order[index % pods] ?? 0,
    generation: 1 + Math.floor(index / pods),
  }));
}
