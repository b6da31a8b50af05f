/** The median; NaN of no values. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? NaN) + high) / 2;
}

/** Makes the median absolute deviation of a normal sample an estimate of its standard deviation. */
const NORMAL = 1.4826;

/** Corrections for small samples (Croux and Rousseeuw 1992), by the number of values. */
const SMALL_SAMPLE = [1, 1, 1.196, 1.495, 1.363, 1.206, 1.2, 1.14, 1.129, 1.107];

/** The median absolute deviation as an estimate of the standard deviation, corrected for small samples. */
export function madScale(values: readonly number[], centre = median(values)): number {
  const n = values.length;
  const correction = SMALL_SAMPLE[n] ?? n / (n - 0.8);
  return correction * NORMAL * median(values.map((value) => Math.abs(value - centre)));
}
