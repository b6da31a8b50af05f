import { isPure, numberText, percentText, quantityText } from '../text/number.ts';
import { cell, table } from '../text/markdown.ts';
import type { ComparedMetric } from './compare-metric.ts';

/** A metric of a comparison as cells of a table. */
interface ComparedRow {
  readonly metric: string;
  readonly baseline: string;
  readonly branch: string;
  readonly change: string;
  readonly interval: string;
  readonly result: string;
  readonly n: string;
  readonly spread: string;
  readonly runsNeeded: string;
}

const NONE = '–';

/** The titles of the columns, in order. */
export function comparedHead(confidence: number): readonly string[] {
  const interval = `${Math.round(confidence * 1_000) / 10} % interval`;
  return ['metric', 'baseline', 'branch', 'change', interval, 'result', 'n', 'spread', 'runs for 10 %'];
}

/** A metric of a comparison in words. */
export function comparedRow({ name, unit, baseline, branch, change, result, runsNeeded }: ComparedMetric): ComparedRow {
  const scale = change?.scale ?? 'share';
  const value = (median: number | undefined): string => (median === undefined ? NONE : quantityText(median, unit));
  const share = (spread: number | undefined): string => (spread === undefined ? NONE : percentText(spread));
  return {
    metric: name,
    baseline: value(baseline.median),
    branch: value(branch.median),
    change: change === undefined ? NONE : changeText(change.estimate, scale, unit),
    interval:
      change?.interval === undefined
        ? NONE
        : `${changeText(change.interval.low, scale, unit)} to ${changeText(change.interval.high, scale, unit)}`,
    result,
    n: baseline.n === branch.n ? String(baseline.n) : `${baseline.n}, ${branch.n}`,
    spread: `${share(baseline.spread)}, ${share(branch.spread)}`,
    runsNeeded: runsNeeded === undefined ? NONE : runsNeeded > 1_000 ? '> 1,000' : String(runsNeeded),
  };
}

/** A comparison as a table in Markdown, for pull requests. */
export function comparisonMarkdown(metrics: readonly ComparedMetric[], confidence: number): string {
  const rows = metrics.map((metric) => Object.values(comparedRow(metric)).map((text: string) => cell(text)));
  return table(
    comparedHead(confidence),
    rows.map((row) =>
      row.map((text, column) => (column === 5 && ['better', 'worse'].includes(text) ? `**${text}**` : text)),
    ),
  );
}

function changeText(change: number, scale: 'share' | 'difference', unit: string): string {
  const sign = change > 0 ? '+' : change < 0 ? '-' : '';
  if (scale === 'share') return `${sign}${percentText(change)}`;
  const text = isPure(unit) ? numberText(Math.abs(change)) : quantityText(Math.abs(change), unit);
  return `${sign}${text}`;
}
