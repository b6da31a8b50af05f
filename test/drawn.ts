import { randomInt } from 'node:crypto';
import { sample, shuffledSubarray } from 'fast-check';

/** The seed of this run's drawn tests. `BELAY_TEST_SEED` repeats a run. */
export const SEED = Number(process.env['BELAY_TEST_SEED'] ?? randomInt(2 ** 31));

/**
 * `count` of the cases, drawn by {@link SEED}; all of them with `BELAY_TEST_ALL=1`. For cases that each need a campaign: a run tries
 * some, many runs try all. What is not drawn is not a test of that run, and is not counted.
 */
export function drawn<T>(cases: readonly T[], count: number): readonly T[] {
  if (process.env['BELAY_TEST_ALL'] === '1') return cases;
  const bounds = { minLength: count, maxLength: count };
  return sample(shuffledSubarray([...cases], bounds), { numRuns: 1, seed: SEED })[0] ?? [];
}
