import type { Sample } from './answers.ts';
import { justAbove } from './beyond-bar.ts';

/** A histogram bucket: cumulative count (or rate) of everything up to `upperBound`. */
export interface Bucket {
  readonly upperBound: number;
  readonly count: number;
}

/** Buckets of one group of labels, as `histogram_quantile` sees them. */
export interface BucketGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly buckets: readonly Bucket[];
}

/** A quantile that can be believed, or why it cannot. */
export type QuantileResult =
  /** The true quantile is in the bucket (low, high]; `value` is Prometheus' interpolation. */
  | {
      readonly kind: 'value';
      readonly value: number;
      readonly low: number;
      readonly high: number;
      /** All events are in this one bucket. */
      readonly single: boolean;
    }
  | { readonly kind: 'saturated' | 'no-events' | 'too-few-events' | 'malformed'; readonly detail: string };

/**
 * From this quantile on a mean above it counts as saturation: more than nine tenths of the events are quicker than the
 * average, so the average is made by a few that the buckets cannot place. Below it (a median) that is ordinary skew.
 */
const MEAN_CHECKED_FROM = 0.9;

/** Groups the series of a bucket expression by their labels without `le`. Series without `le` are left out. */
export function groupBuckets(samples: readonly Sample[]): readonly BucketGroup[] {
  const groups = new Map<string, { labels: Record<string, string>; buckets: Bucket[] }>();
  for (const sample of samples) {
    const { le, __name__: _, ...labels } = sample.labels;
    const upperBound = parseBound(le);
    if (upperBound === undefined) continue;
    const key = groupKey(labels);
    const group = groups.get(key) ?? { labels, buckets: [] };
    group.buckets.push({ upperBound, count: sample.value });
    groups.set(key, group);
  }
  return [...groups.values()].map(({ labels, buckets }) => ({
    labels,
    buckets: buckets.sort((a, b) => a.upperBound - b.upperBound),
  }));
}

/** Key of a label set, independent of order, of `__name__` and of the labels `without`. Empty labels are none. */
export function groupKey(labels: Readonly<Record<string, string>>, without: readonly string[] = ['le']): string {
  const kept = Object.entries(labels).filter(
    ([name, value]) => name !== '__name__' && value !== '' && !without.includes(name),
  );
  return JSON.stringify(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * The quantile of cumulative buckets by Prometheus' own interpolation (promql/quantile.go `BucketQuantile`), refused
 * where the rank lies in the last finite bucket or in +Inf, because there the number is the bucket's edge and not a
 * measurement, or where it is certainly below the mean of the same events.
 */
export function bucketQuantile(phi: number, unsorted: readonly Bucket[], mean?: number): QuantileResult {
  const given = coalesced(unsorted);
  const buckets = monotonic(given);
  const last = buckets.at(-1);
  if (!(phi >= 0 && phi <= 1)) return { kind: 'malformed', detail: `quantile ${phi} is not within 0..1` };
  if (last === undefined || buckets.length < 2 || last.upperBound !== Infinity) {
    return { kind: 'malformed', detail: 'the histogram has no +Inf bucket beside a finite one' };
  }
  if (!Number.isFinite(last.count)) return { kind: 'malformed', detail: 'the histogram counts are not numbers' };
  if (last.count <= 0) return { kind: 'no-events', detail: 'the histogram counted nothing in the window' };

  const rank = phi * last.count;
  // Rates are rounded: a rank that is a bucket's whole count belongs to this bucket.
  let index = buckets.findIndex((bucket) => bucket.count >= rank * (1 - 1e-9));
  if (index === -1) index = buckets.length - 1;
  const topFinite = buckets[buckets.length - 2] as Bucket;
  if (index >= buckets.length - 2) {
    const where = index === buckets.length - 1 ? 'beyond' : 'in';
    return {
      kind: 'saturated',
      detail: `p${percent(phi)} lies ${where} the last finite bucket (le=${topFinite.upperBound}): ${share(last.count - topFinite.count, last.count)} of the events are beyond it`,
    };
  }
  // Where a bucket counts less than one below it, the true counts are between those and the ones without the excess.
  const latest = given.findIndex(({ count }, at) => least(given, at, count) >= rank * (1 - 1e-9));
  if (latest === -1 || latest >= buckets.length - 2) {
    return {
      kind: 'malformed',
      detail: 'buckets of the histogram count less than those below them: it is not cumulative',
    };
  }
  const value = interpolate(buckets, index, rank);
  if (mean !== undefined && phi >= MEAN_CHECKED_FROM && mean > value + interpolationSlack(phi, buckets, index)) {
    return {
      kind: 'saturated',
      detail: `p${percent(phi)} is ${short(value)}, below the mean of the same events, ${short(mean)}: a few take far longer than the quantile can say`,
    };
  }
  const upper = (buckets[index] as Bucket).upperBound;
  const before = buckets[index - 1];
  const latestUpper = (buckets[Math.max(index, latest)] as Bucket).upperBound;
  return {
    kind: 'value',
    value,
    // A bucket does not include its lower bound.
    low: before === undefined ? (upper > 0 ? 0 : -Infinity) : justAbove(before.upperBound),
    high: latestUpper,
    single: (before?.count ?? 0) === 0 && buckets[index]?.count === last.count,
  };
}

/** The least that a bucket and those above it counted. */
function least(buckets: readonly Bucket[], at: number, count: number): number {
  let fewest = count;
  for (let index = at + 1; index < buckets.length; index++) fewest = Math.min(fewest, buckets[index]?.count ?? fewest);
  return fewest;
}

function interpolate(buckets: readonly Bucket[], index: number, rank: number): number {
  const bucket = buckets[index] as Bucket;
  const before = buckets[index - 1];
  if (before === undefined) {
    if (bucket.upperBound <= 0 || bucket.count === 0) return Math.min(bucket.upperBound, 0);
    return bucket.upperBound * (rank / bucket.count);
  }
  const inside = bucket.count - before.count;
  if (inside === 0) return bucket.upperBound;
  return before.upperBound + (bucket.upperBound - before.upperBound) * ((rank - before.count) / inside);
}

/**
 * How far the mean may lie above the interpolated quantile though no event is beyond the quantile's bucket: interpolation
 * puts the quantile `phi` of the way up a bucket that holds everything, while all events may lie at its top. No share of
 * events below the bucket makes the difference larger. A billionth is for rounding.
 */
function interpolationSlack(phi: number, buckets: readonly Bucket[], index: number): number {
  const upper = buckets[index]?.upperBound ?? 0;
  const lower = buckets[index - 1]?.upperBound ?? Math.min(upper, 0);
  return (1 - phi) * (upper - lower) + Math.abs(upper) * 1e-9;
}

function coalesced(buckets: readonly Bucket[]): Bucket[] {
  const byBound = new Map<number, number>();
  for (const { upperBound, count } of buckets) byBound.set(upperBound, (byBound.get(upperBound) ?? 0) + count);
  return [...byBound].map(([upperBound, count]) => ({ upperBound, count })).sort((a, b) => a.upperBound - b.upperBound);
}

/** Scrapes and rates leave tiny dips between cumulative buckets; a dip is raised to the bucket before it. */
function monotonic(buckets: readonly Bucket[]): Bucket[] {
  let highest = -Infinity;
  return buckets.map(({ upperBound, count }) => {
    highest = count > highest ? count : highest;
    return { upperBound, count: Number.isNaN(count) ? Number.NaN : highest };
  });
}

function parseBound(le: string | undefined): number | undefined {
  if (le === undefined) return undefined;
  const bound = /^\+?Inf$/i.test(le) ? Infinity : Number(le);
  return Number.isNaN(bound) || le === '' ? undefined : bound;
}

function percent(phi: number): string {
  return short(phi * 100);
}

function share(part: number, whole: number): string {
  return `${short((part / whole) * 100)} %`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
