import type { PointSeries } from './answers.ts';

/** How many values of a histogram lie in one of its buckets. */
export interface DistributionRow {
  readonly above: number;
  /** Null = not bounded: the histogram cannot tell how large these values were. */
  readonly upTo: number | null;
  readonly count: number;
}

/** What a histogram counted, without the empty buckets at its ends. */
export interface Distribution {
  readonly rows: readonly DistributionRow[];
  readonly count: number;
  /** Values above the last finite bound: the histogram is saturated by them. */
  readonly beyond: number;
  /** The last finite bound. */
  readonly lastBound: number;
}

/** A distribution from the growth of a histogram's cumulative buckets, by `le`; undefined where it counted nothing. */
export function distributionOf(series: readonly PointSeries[]): Distribution | undefined {
  const cumulative = series
    .flatMap(({ labels, points }) => {
      const bound = boundOf(labels['le']);
      const value = points.at(-1)?.[1];
      return bound === undefined || value === undefined || !Number.isFinite(value) ? [] : [{ bound, value }];
    })
    .toSorted((a, b) => a.bound - b.bound);
  const rows: DistributionRow[] = [];
  let [above, counted] = [0, 0];
  for (const { bound, value } of cumulative) {
    // Prometheus extrapolates growth, so counts are not whole, and may differ a little between buckets.
    const count = Math.max(0, Math.round(value) - counted);
    rows.push({ above, upTo: Number.isFinite(bound) ? bound : null, count });
    counted += count;
    above = bound;
  }
  if (counted === 0) return undefined;
  const first = rows.findIndex(({ count }) => count > 0);
  const last = rows.findLastIndex(({ count }) => count > 0);
  const finite = cumulative.filter(({ bound }) => Number.isFinite(bound));
  return {
    rows: rows.slice(first, last + 1),
    count: counted,
    beyond: rows.reduce((sum, { upTo, count }) => (upTo === null ? sum + count : sum), 0),
    lastBound: finite.at(-1)?.bound ?? 0,
  };
}

function boundOf(le: string | undefined): number | undefined {
  if (le === undefined) return undefined;
  const bound = le === '+Inf' ? Infinity : Number(le);
  return Number.isNaN(bound) ? undefined : bound;
}
