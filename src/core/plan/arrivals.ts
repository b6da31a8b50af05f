import type { Arrival } from '../model/profile.ts';
import { randomStream } from './random.ts';

/** Batches of the `steps` shape. */
const STEPS = 10;

/**
 * When each of `count` Pods shall be created, as ms after the start of the ramp, ascending, all within `rampMs`.
 * - `constant`: evenly, one every rampMs / count.
 * - `poisson`: a Poisson process that has `count` arrivals in the ramp: given the number, arrivals are uniform order
 *   statistics, which are partial sums of exponential gaps over their total (Devroye, Non-Uniform Random Variate
 *   Generation, V.2).
 * - `steps`: ten equal batches, each at once at the start of its tenth.
 * - `spread`: one at a random moment within each slice of rampMs / count: the rate of `constant` without its beat.
 */
export function arrivalTimes(request: {
  readonly shape: Arrival;
  readonly count: number;
  readonly rampMs: number;
  readonly seed: number;
  /** Each cluster draws its own arrivals. */
  readonly clusterIndex?: number;
}): readonly number[] {
  const { shape, count, rampMs } = request;
  const random = randomStream(request.seed, 'arrivals', request.clusterIndex ?? 0);
  const sliceMs = rampMs / count;
  switch (shape) {
    case 'constant':
      return Array.from({ length: count }, (_, index) => Math.floor(index * sliceMs));
    case 'spread':
      return Array.from({ length: count }, (_, index) => Math.floor((index + random()) * sliceMs));
    case 'steps':
      return Array.from({ length: count }, (_, index) =>
        Math.floor((Math.floor((index * STEPS) / count) * rampMs) / STEPS),
      );
    case 'poisson': {
      let sum = 0;
      const sums = Array.from({ length: count + 1 }, () => (sum += -Math.log(1 - random())));
      return sums.slice(0, count).map((partial) => Math.floor((partial / sum) * rampMs));
    }
  }
}
