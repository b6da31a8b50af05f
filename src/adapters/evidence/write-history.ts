import { join } from 'node:path';
import type { MetricTrend } from '../../core/history/metric-trends.ts';
import { writeJsonFile } from '../host/atomic-file.ts';

/**
 * Writes `history.json`: every value that the campaign was compared with. Its trend gates can be checked against it when the
 * earlier runs are gone.
 */
export function writeHistory(folder: string, trends: readonly MetricTrend[]): void {
  const runs = (trends[0]?.runs ?? []).map(({ id, atMs, version }) => ({ id, atMs, version }));
  const metrics = trends.map(({ metric, unit, better, runs: values, trend }) => ({
    metric,
    unit,
    better,
    values: values.map(({ value }) => value),
    answer: trend.answers.at(-1)?.answer ?? 'unmeasured',
    changes: trend.changes,
  }));
  writeJsonFile(join(folder, 'history.json'), { runs, metrics });
}
