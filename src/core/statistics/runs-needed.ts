import { probit } from 'simple-statistics';

/** How sure a comparison has to be. */
export interface Power {
  /** Chance of a false alarm. */
  readonly alpha: number;
  /** Chance to find a difference of the size that is asked for. */
  readonly power: number;
}

/**
 * The number of runs on each side that finds a difference, for values with this standard deviation: the usual formula for two
 * normal samples, with Guenther's correction (1981) for a spread that is estimated. A test by permutation needs as many.
 * @param difference and `spread` in the same unit, e.g. both of logarithms
 * @param least what the test needs in any case
 */
export function runsNeeded(difference: number, spread: number, { alpha, power }: Power, least: number): number {
  const bar = probit(1 - alpha / 2);
  const size = (spread / difference) ** 2;
  return Math.max(least, Math.ceil(2 * (bar + probit(power)) ** 2 * size + bar ** 2 / 4));
}
