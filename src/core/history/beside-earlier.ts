import type { Summary } from '../verdict/summary-model.ts';
import { comparableRuns } from './comparable-runs.ts';
import { metricTrends, type MetricTrend } from './metric-trends.ts';
import { storedRunOf, type StoredRun } from './stored-run.ts';

/** Runs that a campaign is compared with, at most: as many as a level is looked at over. */
export const HISTORY_RUNS = 100;

/** The trends that a campaign is the latest run of. @param earlier other runs of its profile, newest first */
export function besideEarlier(summary: Summary, folder: string, earlier: readonly StoredRun[]): readonly MetricTrend[] {
  const latest = storedRunOf(summary, folder);
  const before = earlier.filter(({ id, startedAtMs }) => id !== latest.id && startedAtMs <= latest.startedAtMs);
  const { history } = comparableRuns(latest, [latest, ...before.slice(0, HISTORY_RUNS)]);
  return metricTrends(history);
}
