import { comparableValue } from './comparable-value.ts';
import { TREND_DEFAULTS, type TrendOptions } from './trend/bounds.ts';
import type { Trend, TrendRun } from './trend/model.ts';
import { trendOf } from './trend/trend.ts';
import type { StoredMetric } from './stored-metric.ts';

/** A run in a history, of Belay or of another tool. All runs of a history have the same fingerprint. */
export interface HistoryRun {
  readonly id: string;
  readonly atMs: number;
  /** Version of the system. */
  readonly version: string;
  readonly metrics: readonly HistoryMetric[];
}

/** A number that a run measured, with those of equal cycles within the run where it has any. */
export type HistoryMetric = Pick<StoredMetric, 'name' | 'value' | 'unit' | 'better'> & {
  readonly cycles?: readonly number[];
};

/** A metric over the runs of a history. */
export interface MetricTrend {
  readonly metric: string;
  readonly unit: string;
  readonly better: HistoryMetric['better'];
  /** Oldest first. */
  readonly runs: readonly (TrendRun & Pick<HistoryRun, 'id' | 'atMs' | 'version'>)[];
  readonly trend: Trend;
}

/**
 * The trend of every metric, in the order in which the runs have them. Runs come in any order, and one that comes twice counts
 * once. A value in another unit than that of the newest run is not measured: it is another metric of the same name.
 * @param only name of the metric that is wanted; all by default
 */
export function metricTrends(
  history: readonly HistoryRun[],
  { only, ...options }: Partial<TrendOptions> & { readonly only?: string } = {},
): readonly MetricTrend[] {
  const runs = inOrder(history);
  const newest = new Map<string, HistoryMetric>();
  for (const { metrics } of runs) for (const metric of metrics) newest.set(metric.name, metric);
  return [...newest.values()]
    .filter(({ name }) => only === undefined || name === only)
    .map(({ name, unit, better }) => {
      const values = runs.map(({ id, atMs, version, metrics }) => {
        const found = metrics.find((metric) => metric.name === name && metric.unit === unit);
        const cycles = found?.cycles === undefined ? {} : { cycles: found.cycles };
        return { id, atMs, version, value: comparableValue(found?.value) ?? null, ...cycles };
      });
      return { metric: name, unit, better, runs: values, trend: trendOf(values, { ...TREND_DEFAULTS, ...options }) };
    });
}

/** Oldest first, each once. */
function inOrder(history: readonly HistoryRun[]): readonly HistoryRun[] {
  const once = new Map(history.map((run) => [`${run.id} ${run.atMs}`, run]));
  return [...once.values()].toSorted((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1));
}
