import type { HistoryRecord } from '../verdict/summary-model.ts';
import type { MetricTrend } from './metric-trends.ts';
import { changeText, direction } from './trend-words.ts';

/** Nights whose changes a summary lists. */
export const LISTED_RUNS = 20;

const ORDER = ['worse', 'changed', 'better'] as const;

/**
 * What changed over the latest runs: steps and drifts that began in them or go on, an outlier of the very last run, and one that
 * the last run showed to be a single one. What is worse comes first, and of that what changed most; what was withdrawn comes last.
 */
export function latestChanges(trends: readonly MetricTrend[], over: number = LISTED_RUNS): HistoryRecord['changes'] {
  const found = trends.flatMap((of) =>
    of.trend.changes
      .filter((change) => {
        if (change.kind === 'outlier')
          return (change.state === 'open' ? change.flaggedAt : change.settledAt) === of.runs.length - 1;
        return Math.max(change.since, change.flaggedAt) >= of.runs.length - over;
      })
      .map((change) => ({ of, change })),
  );
  return found
    .map(({ of, change }) => ({
      metric: of.metric,
      kind: change.kind,
      open: change.state === 'open',
      direction: direction(of, change),
      sinceRun: of.runs[change.since]?.id ?? '',
      sinceMs: of.runs[change.since]?.atMs ?? 0,
      text: `${of.metric}: ${changeText(of, change)}`,
      share: Math.abs(change.size.share ?? Infinity),
    }))
    .toSorted((a, b) => place(a) - place(b) || b.share - a.share)
    .map(({ share: _share, ...change }) => change);
}

function place({ kind, open, direction }: HistoryRecord['changes'][number]): number {
  return kind === 'outlier' && !open ? ORDER.length : ORDER.indexOf(direction);
}
