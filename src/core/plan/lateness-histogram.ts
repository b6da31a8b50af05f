import { unreadable, type RecordedFields } from '../files/recorded-fields.ts';

/**
 * How many requests were how late: the count of each bucket, by its upper bound in ms. Counts of several workers are added bucket
 * by bucket. The bounds never change: another version reads them.
 */
export type LatenessCounts = Readonly<Record<string, number>>;

/** Bounds of a quantile: it is not below `lowMs` and not above `highMs`; null = not bounded. */
export interface LatenessBounds {
  readonly lowMs: number;
  readonly highMs: number | null;
}

/** Buckets for each doubling of the time. A quantile is known to a sixteenth of its value, and to 1 ms below 16 ms. */
const BUCKETS_PER_DOUBLING = 16;

/** Counts lateness in buckets: a day of it needs at most some 350 of them, whatever the number of requests. */
export class LatenessHistogram {
  readonly #counts = new Map<number, number>();

  /** @param earlier what other workers counted */
  constructor(earlier: LatenessCounts = {}) {
    for (const [boundMs, count] of Object.entries(earlier)) this.#counts.set(Number(boundMs), count);
  }

  /** Counts one request. */
  add(lateMs: number): void {
    const boundMs = boundOf(lateMs);
    this.#counts.set(boundMs, (this.#counts.get(boundMs) ?? 0) + 1);
  }

  get counts(): LatenessCounts {
    return Object.fromEntries(this.#counts);
  }
}

/** The counts of several workers, or of several hosts. */
export function mergedCounts(parts: readonly LatenessCounts[]): LatenessCounts {
  const sums: Record<string, number> = {};
  for (const part of parts)
    for (const [boundMs, count] of Object.entries(part)) sums[boundMs] = (sums[boundMs] ?? 0) + count;
  return sums;
}

/**
 * Bounds of a quantile by nearest rank; undefined where nothing was counted.
 * @param neverSent requests that were never sent: they are later than all others
 */
export function latenessQuantile(counts: LatenessCounts, quantile: number, neverSent = 0): LatenessBounds | undefined {
  const buckets = Object.entries(counts)
    .map(([boundMs, count]) => ({ boundMs: Number(boundMs), count }))
    .toSorted((a, b) => a.boundMs - b.boundMs);
  const total = buckets.reduce((sum, { count }) => sum + count, neverSent);
  if (total === 0) return undefined;
  let rank = Math.max(1, Math.ceil(quantile * total));
  for (const { boundMs, count } of buckets) {
    if (rank <= count) return { lowMs: boundBefore(boundMs), highMs: boundMs };
    rank -= count;
  }
  return { lowMs: buckets.at(-1)?.boundMs ?? 0, highMs: null };
}

/** Reads counts that another worker recorded. @throws UnreadableRecord naming a bound that is none, or a count */
export function parseLatenessCounts(record: RecordedFields, name: string): LatenessCounts {
  const counts = record.object(name);
  return Object.fromEntries(
    Object.keys(record.map(name)).map((key) => {
      const boundMs = Number(key);
      if (!(boundMs >= 0) || boundOf(boundMs) !== boundMs) throw unreadable(name, key, 'upper bounds of buckets, ms');
      return [key, counts.count(key)];
    }),
  );
}

/** Upper bound of the bucket of a value, ms. */
function boundOf(ms: number): number {
  const whole = Math.ceil(ms);
  const widthMs = widthAt(whole);
  return Math.ceil(whole / widthMs) * widthMs;
}

/** Upper bound of the bucket before the one with this upper bound; 0 for the first two, which hold 0 and what is below 1 ms. */
function boundBefore(boundMs: number): number {
  return boundMs === 0 ? 0 : boundMs - widthAt(boundMs);
}

/** Width of the bucket that ends at or after this whole number of ms. */
function widthAt(wholeMs: number): number {
  if (wholeMs <= BUCKETS_PER_DOUBLING) return 1;
  return 2 ** Math.floor(Math.log2(wholeMs - 1)) / BUCKETS_PER_DOUBLING;
}
