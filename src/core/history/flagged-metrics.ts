import type { FlaggedMetric } from '../campaign/stage-io.ts';
import type { MetricTrend } from './metric-trends.ts';
import { changeText } from './trend-words.ts';

/**
 * The metrics whose latest run is flagged until the next one, and those that the latest run settled: the run before it was the
 * first of a step (or a drift), or a single outlier.
 */
export function flaggedMetrics(trends: readonly MetricTrend[]): readonly FlaggedMetric[] {
  return trends.flatMap((of) => {
    const { metric, runs, trend } = of;
    const latest = runs.at(-1);
    const answer = trend.answers.at(-1);
    if (latest === undefined || answer === undefined) return [];
    const found: FlaggedMetric[] = [];
    const { settled, change } = answer;
    // An unmeasured run settles nothing, so the flagged run is the last one before that was measured.
    const before = runs.slice(0, -1).findLast(({ value }) => value !== null);
    if (settled !== undefined && before !== undefined) {
      const other = before.version === latest.version ? '' : '; the version of the system differs between the two runs';
      const state = settled.kind === 'outlier' ? 'withdrawn' : 'confirmed';
      found.push({ metric, state, run: before.id, text: `${metric}: ${changeText(of, settled)}${other}` });
    }
    if (change?.state === 'open')
      found.push({ metric, state: 'open', run: latest.id, text: `${metric}: ${changeText(of, change)}` });
    return found;
  });
}
