import { styleText } from 'node:util';
import { metricTrends, type MetricTrend } from '../core/history/metric-trends.ts';
import { TREND_DEFAULTS } from '../core/history/trend/bounds.ts';
import { changeText, dayOf, direction, latestText, sizeText } from '../core/history/trend-words.ts';
import { counted } from '../core/text/counted.ts';
import { nearest } from '../core/text/nearest.ts';
import { quantityText } from '../core/text/number.ts';
import { sparkline } from '../core/text/sparkline.ts';
import { textTable } from './text-table.ts';
import type { NamedHistory } from './trend-histories.ts';
import { UsageError } from './usage-error.ts';

/** What is shown of histories. */
interface Shown {
  /** Latest runs that are looked at; 0 = all. */
  readonly last: number;
  readonly minChange: number;
  readonly metric?: string;
}

/** Runs in the course of a metric. */
const COURSE = 24;

/** Trends as JSON. */
export function trendJson(histories: readonly NamedHistory[], shown: Shown): string {
  const trends = histories.map((history) => ({
    name: history.name,
    notes: history.notes,
    metrics: trendsOf(history, shown).map(({ trend, runs, ...metric }) => ({
      ...metric,
      level: trend.level ?? null,
      answer: trend.answers.at(-1)?.answer ?? 'unmeasured',
      changes: trend.changes.map((change) => ({
        ...change,
        text: changeText({ ...metric, trend, runs }, change),
        sinceRun: runs[change.since]?.id,
      })),
      runs: runs.map((run, index) => ({ ...run, ...trend.answers[index] })),
    })),
  }));
  return JSON.stringify(trends, null, 2);
}

/** Trends as tables: a row per metric, and all changes where one metric is asked for. */
export function trendText(histories: readonly NamedHistory[], shown: Shown): string {
  return histories
    .map((history) => historyText(history, trendsOf(history, shown), shown.metric !== undefined))
    .join('\n\n');
}

/** Whether the latest run of a metric waits for the next one. */
export function isAnyOpen(histories: readonly NamedHistory[], shown: Shown): boolean {
  const trends = histories.flatMap((history) => trendsOf(history, shown));
  return trends.some(({ trend }) => trend.answers.at(-1)?.change?.state === 'open');
}

function trendsOf({ name, history }: NamedHistory, { last, minChange, metric }: Shown): readonly MetricTrend[] {
  const latest = history.toSorted((a, b) => a.atMs - b.atMs).slice(-last);
  const trends = metricTrends(latest, { minChange, ...(metric === undefined ? {} : { only: metric }) });
  if (trends.length > 0 || metric === undefined) return trends;
  const known = metricTrends(latest).map((one) => one.metric);
  const like = nearest(metric, known);
  throw new UsageError(
    `--metric: ${name} has no metric "${metric}"${like === undefined ? '' : `; did you mean ${like}?`}; allowed: ${known.join(', ')}`,
  );
}

function historyText({ name, notes }: NamedHistory, trends: readonly MetricTrend[], all: boolean): string {
  const runs = trends[0]?.runs.length ?? 0;
  const first = trends[0];
  const span = first === undefined || runs === 0 ? '' : `, ${dayOf(first, 0)} to ${dayOf(first, runs - 1)}`;
  return [
    `${styleText('bold', name)}: ${counted(runs, 'comparable run')}${span}`,
    trends.length === 0 ? 'No run has measured anything.' : metricsTable(trends),
    ...(all ? trends.flatMap(changeLines) : hintLines(trends)),
    ...notes,
  ].join('\n');
}

function metricsTable(trends: readonly MetricTrend[]): string {
  const rows = trends.map((of) => {
    const { metric, unit, runs, trend } = of;
    const latest = runs.at(-1)?.value ?? null;
    const newest = trend.changes.findLast(({ kind }) => kind !== 'outlier');
    return [
      metric,
      sparkline(runs.slice(-COURSE).map(({ value }) => value)),
      latest === null ? '–' : quantityText(latest, unit),
      trend.level === undefined ? '–' : quantityText(trend.level, unit),
      newest === undefined ? '–' : `${sizeText(of, newest)} since ${dayOf(of, newest.since)}`,
      coloured(of, answerText(of)),
    ];
  });
  return textTable(['metric', `course (${COURSE} runs)`, 'latest', 'level', 'last change', 'latest run'], rows, {
    right: [2, 3],
  });
}

/** The answer of the latest run. The size of a step and of a drift is in the column before. */
function answerText(of: MetricTrend): string {
  const change = of.trend.answers.at(-1)?.change;
  if (change?.kind === 'drift') return 'drift';
  if (change?.kind === 'step') return change.state === 'open' ? 'step, run again to confirm' : 'step';
  return latestText(of, TREND_DEFAULTS.minRuns);
}

function changeLines(of: MetricTrend): readonly string[] {
  if (of.trend.changes.length === 0) return ['no change'];
  return of.trend.changes.map(
    (change) => `${dayOf(of, change.flaggedAt)}  ${changeText(of, change)}; ${versionText(of, change.since)}`,
  );
}

function versionText({ runs }: MetricTrend, run: number): string {
  const [before = '', version = ''] = [run - 1, run].map((one) => shortVersion(runs[one]?.version ?? ''));
  const id = `run ${runs[run]?.id ?? ''}`;
  return version === before || version === '' ? id : `${id}, ${before} to ${version}`;
}

/** A commit by its first digits. */
function shortVersion(version: string): string {
  return /^[0-9a-f]{40}$/.test(version) ? version.slice(0, 12) : version;
}

function hintLines(trends: readonly MetricTrend[]): readonly string[] {
  const changed = trends.filter(({ trend }) => trend.changes.length > 0).map(({ metric }) => metric);
  return changed.length === 0
    ? []
    : [`--metric ${changed[0]} shows all its changes; others changed too: ${changed.slice(1).join(', ') || 'none'}`];
}

function coloured(of: MetricTrend, text: string): string {
  const latest = of.trend.answers.at(-1);
  if (latest?.change === undefined) return text;
  if (latest.change.kind === 'outlier') return styleText('yellow', text);
  return styleText(direction(of, latest.change) === 'better' ? 'green' : 'red', text);
}
