import { styleText } from 'node:util';
import { LARGEST_COMPARED } from '../core/history/comparable-value.ts';
import type { ComparedMetric, CompareResult } from '../core/history/compare-metric.ts';
import type { CompareOptions } from '../core/history/compare-runs.ts';
import { comparedHead, comparedRow, comparisonMarkdown } from '../core/history/comparison-text.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { counted } from '../core/text/counted.ts';
import { numberText, percentText } from '../core/text/number.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import type { StoredComparison } from './compare-stored.ts';
import { textTable } from './text-table.ts';

/** Runs that are named in a line. */
const NAMED = 4;

/** Worse in any metric is a failure. A comparison that could decide nothing at all is unmeasured. */
export function exitCodeOfComparison(metrics: readonly ComparedMetric[]): number {
  if (metrics.some(({ result }) => result === 'worse')) return EXIT.fail;
  return metrics.every(({ result }) => result === 'cannot tell') ? EXIT.unmeasured : EXIT.pass;
}

/** A comparison in the format that was asked for. */
export function comparisonOutput(
  compared: StoredComparison,
  options: CompareOptions,
  format: 'table' | 'markdown' | 'json',
): string {
  if (format === 'json') return JSON.stringify(jsonOf(compared, options), null, 2);
  const { metrics, warnings } = compared;
  const confidence = 1 - (options.intervalAlpha ?? options.alpha);
  const isMarkdown = format === 'markdown';
  const width = isMarkdown ? 0 : 'baseline'.length;
  const sides = [sideLine('baseline', width, compared.baseline), sideLine('branch', width, compared.branch)];
  const body = isMarkdown ? comparisonMarkdown(metrics, confidence) : terminalTable(metrics, confidence);
  const after = [...undecidedLines(metrics), ...leftOutLines(metrics), methodLine(compared, options)];
  return [
    ...(isMarkdown ? sides.map((line) => `- ${line}`) : sides),
    ...warnings.map((warning) =>
      isMarkdown ? `- **warning**: ${warning}` : styleText('yellow', `warning   ${warning}`),
    ),
    ...(isMarkdown ? ['', body, '', ...after.map((line) => `- ${line}`)] : [body, ...after]),
  ].join('\n');
}

function jsonOf(
  { baseline, branch, warnings, metrics }: StoredComparison,
  { alpha, sameWithin }: CompareOptions,
): unknown {
  return {
    baseline: sideJson(baseline),
    branch: sideJson(branch),
    alpha,
    sameWithin: sameWithin ?? null,
    warnings,
    metrics,
  };
}

function sideJson(runs: readonly StoredRun[]): unknown {
  return runs.map(({ id, folder, verdict, systemVersion, code, startedAtMs }) => ({
    id,
    folder,
    verdict,
    systemVersion,
    code,
    startedAtMs,
  }));
}

function terminalTable(metrics: readonly ComparedMetric[], confidence: number): string {
  const rows = metrics.map((metric) => {
    const row = comparedRow(metric);
    return Object.values({ ...row, result: coloured(metric.result) }).map(String);
  });
  return textTable(comparedHead(confidence), rows, { right: [1, 2, 3, 4, 6, 7, 8] });
}

function coloured(result: CompareResult): string {
  switch (result) {
    case 'better':
    case 'same':
      return styleText('green', result);
    case 'worse':
      return styleText('red', result);
    case 'changed':
      return styleText('yellow', result);
    case 'cannot tell':
      return styleText('dim', result);
  }
}

/** A side in a line: its runs, their verdicts, and the versions of the system. */
function sideLine(name: string, width: number, runs: readonly StoredRun[]): string {
  const verdicts = [...Map.groupBy(runs, ({ verdict }) => verdict)].map(([verdict, of]) => `${of.length} ${verdict}`);
  const versions = [...new Set(runs.map(({ system, systemVersion }) => `${system} ${systemVersion}`))];
  const ids = runs.slice(0, NAMED).map(({ id }) => id);
  const more = runs.length > NAMED ? ` and ${runs.length - NAMED} more` : '';
  const named = selectorOf(runs) ?? `${ids.join(', ')}${more}`;
  const of = counted(runs.length, 'run');
  return `${width === 0 ? `${name}:` : `${name.padEnd(width)} `} ${of} (${verdicts.join(', ')}): ${named}; ${versions.join('; ')}`;
}

/** What chooses the runs, where they are one side of a comparison by new campaigns. */
function selectorOf(runs: readonly StoredRun[]): string | undefined {
  const sides = new Set(
    runs.map(({ comparison: of }) => (of === undefined ? '' : `comparison=${of.workflowId},side=${of.side}`)),
  );
  const [only] = sides;
  return sides.size === 1 && only !== '' ? only : undefined;
}

/** Why metrics are not decided, one line for each reason. */
function undecidedLines(metrics: readonly ComparedMetric[]): readonly string[] {
  const undecided = metrics.filter(({ result }) => result === 'cannot tell');
  return [...Map.groupBy(undecided, ({ why }) => why)].map(
    ([why, of]) => `cannot tell: ${why} (${of.map(({ name }) => name).join(', ')})`,
  );
}

/** Metrics of which a value was too large to be compared, each with the runs that it is missing of. */
function leftOutLines(metrics: readonly ComparedMetric[]): readonly string[] {
  const named = metrics.flatMap(({ name, baseline, branch }) => {
    const sides = [
      ...(baseline.tooLarge === 0 ? [] : [`${counted(baseline.tooLarge, 'run')} of the baseline`]),
      ...(branch.tooLarge === 0 ? [] : [`${counted(branch.tooLarge, 'run')} of the branch`]),
    ];
    return sides.length === 0 ? [] : [`${name} (${sides.join(', ')})`];
  });
  return named.length === 0
    ? []
    : [`left out, as values of ${numberText(LARGEST_COMPARED)} and more are not compared: ${named.join(', ')}`];
}

function methodLine({ metrics }: StoredComparison, { alpha, sameWithin }: CompareOptions): string {
  const same = sameWithin === undefined ? '' : `; same: the interval is within ${percentText(sameWithin)}`;
  return `better, worse: permutation test over ${counted(metrics.length, 'metric')}, false alarm in at most ${percentText(alpha)} of comparisons${same}; see docs/compare.md`;
}
