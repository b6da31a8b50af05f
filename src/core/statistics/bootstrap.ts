import { mean, quantileSorted } from 'simple-statistics';

const RESAMPLES = 2_000;

/**
 * The interval of the difference of two means by the percentile bootstrap (Efron 1979). Nothing is assumed about the shape of
 * the values, e.g. shares that pile up at 1. For few values it is too narrow, so no claim may rest on it alone.
 * @param random numbers from 0 to 1 that a seed decides, so that the same runs have the same interval
 */
export function bootstrapDifference(
  first: readonly number[],
  second: readonly number[],
  alpha: number,
  random: () => number,
): { readonly low: number; readonly high: number } {
  const resampled = (values: readonly number[]): number =>
    mean(values.map(() => values[Math.floor(random() * values.length)] ?? NaN));
  const differences = Array.from({ length: RESAMPLES }, () => resampled(second) - resampled(first)).sort(
    (a, b) => a - b,
  );
  return { low: quantileSorted(differences, alpha / 2), high: quantileSorted(differences, 1 - alpha / 2) };
}
