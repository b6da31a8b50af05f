import { TREND_DEFAULTS, type TrendOptions } from './bounds.ts';
import type { Trend, TrendRun } from './model.ts';
import { Series } from './series.ts';

/**
 * What a series of runs shows, oldest first: steps, single outliers and drifts. The answer of a run is what was known when it was
 * the last one; `changes` are as they are known now.
 */
export function trendOf(runs: readonly TrendRun[], options: TrendOptions = TREND_DEFAULTS): Trend {
  const series = new Series(options);
  const answers = runs.map((run) => series.add(run));
  const { level } = series;
  return { answers, changes: series.changes, ...(level === undefined ? {} : { level }) };
}
