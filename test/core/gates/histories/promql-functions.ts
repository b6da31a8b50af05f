/** A point of a series: time in ms and value. */
export type Point = readonly [number, number];

/** The range that a function looks at: left-open, `(startMs, endMs]`. */
interface RangeOf {
  readonly startMs: number;
  readonly endMs: number;
}

type OverRange = (points: readonly Point[], range: RangeOf) => number | undefined;

/** Functions over a range of one series, as Prometheus calculates them. They are given at least one point. */
export const OVER_RANGE: Readonly<Record<string, OverRange>> = {
  last_over_time: (points) => points.at(-1)?.[1],
  count_over_time: (points) => points.length,
  present_over_time: () => 1,
  // A value that is no number is replaced by the next; nothing but NaN stays NaN.
  max_over_time: (points) => extreme(points, (value, best) => value > best),
  min_over_time: (points) => extreme(points, (value, best) => value < best),
  sum_over_time: (points) => sum(points),
  avg_over_time: (points) => sum(points) / points.length,
  first_over_time: (points) => points[0]?.[1],
  stddev_over_time: (points) => {
    const mean = sum(points) / points.length;
    return Math.sqrt(sumOf(points.map(([, value]) => (value - mean) ** 2)) / points.length);
  },
  idelta: (points) => {
    const [before, last] = points.slice(-2);
    return before === undefined || last === undefined ? undefined : last[1] - before[1];
  },
  resets: (points) => pairs(points).filter(([before, value]) => value < before).length,
  changes: (points) =>
    pairs(points).filter(([before, value]) => value !== before && !(Number.isNaN(value) && Number.isNaN(before)))
      .length,
  rate: (points, range) => extrapolated(points, range, { counter: true, perSecond: true }),
  increase: (points, range) => extrapolated(points, range, { counter: true, perSecond: false }),
  delta: (points, range) => extrapolated(points, range, { counter: false, perSecond: false }),
  // Least squares, as Prometheus calculates it: one point gives nothing.
  deriv: (points) => {
    if (points.length < 2) return undefined;
    const [originMs] = points[0] as Point;
    const at = points.map(([atMs]) => (atMs - originMs) / 1_000);
    const [meanAt, mean] = [sumOf(at) / at.length, sum(points) / points.length];
    const covariance = sumOf(points.map(([, value], index) => ((at[index] as number) - meanAt) * (value - mean)));
    return covariance / sumOf(at.map((one) => (one - meanAt) ** 2));
  },
  irate: (points) => {
    const [before, last] = points.slice(-2);
    if (before === undefined || last === undefined) return undefined;
    return (last[1] < before[1] ? last[1] : last[1] - before[1]) / ((last[0] - before[0]) / 1_000);
  },
};

function extreme(points: readonly Point[], better: (value: number, best: number) => boolean): number {
  let best = (points[0] as Point)[1];
  for (const [, value] of points) if (better(value, best) || Number.isNaN(best)) best = value;
  return best;
}

function sumOf(values: readonly number[]): number {
  return compensatedSum(values);
}

function sum(points: readonly Point[]): number {
  return compensatedSum(points.map(([, value]) => value));
}

/** `kahansum` of Prometheus, Neumaier's variant: the rounding of each addition is added at the end. */
export function compensatedSum(values: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    if (!Number.isFinite(next)) lost = 0;
    else lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

function pairs(points: readonly Point[]): readonly (readonly [number, number])[] {
  return points.slice(1).map(([, value], index) => [(points[index] as Point)[1], value]);
}

/** `extrapolatedRate` of promql/functions.go: to the range's edges, or by half a scrape where they are further away. */
function extrapolated(
  points: readonly Point[],
  { startMs, endMs }: RangeOf,
  { counter, perSecond }: { readonly counter: boolean; readonly perSecond: boolean },
): number | undefined {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < 2) return undefined;
  let grown = last[1] - first[1];
  if (counter) for (const [before, value] of pairs(points)) if (value < before) grown += before;
  const sampledS = (last[0] - first[0]) / 1_000;
  const averageS = sampledS / (points.length - 1);
  let toStartS = (first[0] - startMs) / 1_000;
  let toEndS = (endMs - last[0]) / 1_000;
  if (toStartS >= averageS * 1.1) toStartS = averageS / 2;
  if (counter && grown > 0 && first[1] >= 0) toStartS = Math.min(toStartS, sampledS * (first[1] / grown));
  if (toEndS >= averageS * 1.1) toEndS = averageS / 2;
  let factor = (sampledS + toStartS + toEndS) / sampledS;
  // In this order, as Prometheus rounds: a rank that lies exactly on a bucket's bound goes one way or the other by the last bit.
  if (perSecond) factor /= (endMs - startMs) / 1_000;
  return grown * factor;
}

/** `BucketQuantile` of promql/quantile.go. */
export function histogramQuantile(
  phi: number,
  given: readonly { readonly upperBound: number; readonly count: number }[],
): number {
  const merged = new Map<number, number>();
  for (const { upperBound, count } of given) merged.set(upperBound, (merged.get(upperBound) ?? 0) + count);
  const buckets = [...merged]
    .map(([upperBound, count]) => ({ upperBound, count }))
    .sort((a, b) => a.upperBound - b.upperBound);
  const last = buckets.at(-1);
  if (last === undefined || last.upperBound !== Infinity || buckets.length < 2) return Number.NaN;
  let before = (buckets[0] as { count: number }).count;
  for (const bucket of buckets) {
    if (bucket.count < before || nearly(before, bucket.count)) bucket.count = before;
    else before = bucket.count;
  }
  if (last.count === 0) return Number.NaN;
  let rank = phi * last.count;
  const found = buckets.slice(0, -1).findIndex(({ count }) => count >= rank);
  const index = found === -1 ? buckets.length - 1 : found;
  if (index === buckets.length - 1) return (buckets[index - 1] as { upperBound: number }).upperBound;
  const bucket = buckets[index] as { upperBound: number; count: number };
  if (index === 0 && bucket.upperBound <= 0) return bucket.upperBound;
  let start = 0;
  let { count } = bucket;
  const lower = buckets[index - 1];
  if (lower !== undefined) {
    start = lower.upperBound;
    count -= lower.count;
    rank -= lower.count;
  }
  return start + (bucket.upperBound - start) * (rank / count);
}

function nearly(a: number, b: number): boolean {
  if (a === b) return true;
  return Math.abs(a - b) / Math.min(Math.abs(a) + Math.abs(b), Number.MAX_VALUE) < 1e-12;
}
