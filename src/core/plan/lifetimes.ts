import { randomStream } from './random.ts';

/** The end of a Pod's life: the Pod in the slot is replaced, `atMs` after the start of the soak. */
export interface LifeEnd {
  readonly atMs: number;
  readonly slot: number;
}

/**
 * When Pods reach the end of their lives, in order of slots. Lifetimes are exponential with the archetype's mean, so that n
 * Pods of an archetype end at the rate n / mean whatever their age, as in BigFleet. A mean of 0 means that a Pod never ends.
 */
export function lifeEnds(request: {
  /** Mean life of each slot's Pods, s. */
  readonly meanSeconds: readonly number[];
  readonly durationMs: number;
  readonly seed: number;
  readonly clusterIndex: number;
}): readonly LifeEnd[] {
  const random = randomStream(request.seed, 'lifetimes', request.clusterIndex);
  const life = (meanSeconds: number): number => -Math.log(1 - random()) * meanSeconds * 1_000;
  return request.meanSeconds.flatMap((meanSeconds, slot) => {
    if (meanSeconds <= 0) return [];
    const ends: LifeEnd[] = [];
    for (let atMs = life(meanSeconds); atMs < request.durationMs; atMs += life(meanSeconds)) {
      ends.push({ atMs: Math.floor(atMs), slot });
    }
    return ends;
  });
}
