import { Command } from 'commander';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { summaryInFolder } from '../adapters/evidence/write-summary.ts';
import { isPlainFile } from '../adapters/host/plain-file.ts';
import type { StoredMetric } from '../core/history/stored-metric.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { quantityText } from '../core/text/number.ts';
import { lengthText, momentText } from '../core/text/time.ts';
import type { Summary } from '../core/verdict/summary-model.ts';
import { fetchStoredRun } from './fetch-stored.ts';
import { oneOf } from './options.ts';
import { listItem } from './list-item.ts';
import { storedRun } from './stored-runs.ts';
import { textTable } from './text-table.ts';
import { coloured, verdictTable } from './verdict-table.ts';

/** `belay show`: one stored run. */
export function showCommand(): Command {
  return new Command('show')
    .description('Show a stored run: verdict, gates, durations, and what it was taken with.')
    .argument('<run>', 'id of a stored run, or path of its folder')
    .option('-o, --output <format>', 'table, json, or markdown: in short, for a pull request', 'table')
    .action(async (id: string, options: { readonly output: string }) => {
      const output = oneOf('--output', options.output, ['table', 'json', 'markdown']);
      await fetchStoredRun(id, 'summary');
      const run = storedRun(id);
      const summary = summaryInFolder(run.folder);
      if (output === 'markdown' && summary !== undefined) {
        const { runMarkdown } = await import('../adapters/reports/run-markdown.ts');
        process.stdout.write(runMarkdown(run.folder, summary));
        return;
      }
      const text =
        output === 'json'
          ? JSON.stringify({ ...run, reasons: summary?.reasons ?? [], gates: summary?.gateLines ?? [] }, null, 2)
          : showText(run, summary);
      process.stdout.write(`${text}\n`);
    });
}

function showText(run: StoredRun, summary: Summary | undefined): string {
  const { folder, fingerprint } = run;
  const rows: readonly (readonly [string, string])[] = [
    ['run', run.id],
    ['profile', fingerprint.profile],
    ['system', `${run.system}: ${run.systemVersion}`],
    ['substrate', fingerprint.substrate],
    ['host', fingerprint.hostClass],
    ['Belay', run.code],
    [
      'started',
      `${momentText(run.startedAtMs)}, by ${run.trigger}, took ${lengthText(run.endedAtMs - run.startedAtMs)}`,
    ],
    ...(run.climb === undefined ? [] : [['climb', `${run.climb.workflowId}, rung ${run.climb.rung}`] as const]),
    ...(run.comparison === undefined
      ? []
      : [
          [
            'comparison',
            `${run.comparison.workflowId}, ${run.comparison.side} of pair ${run.comparison.pair}`,
          ] as const,
        ]),
    ['evidence', folder],
    ...(isPlainFile(join(folder, 'report.html')) ? [['report', join(folder, 'report.html')] as const] : []),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const other = run.metrics.filter(({ kind }) => kind !== 'gate');
  return [
    ...rows.map(([name, what]) => `${styleText('bold', name.padEnd(width))}  ${what}`),
    '',
    ...(summary === undefined || summary.gateLines.length === 0 ? [] : [verdictTable(summary.gateLines), '']),
    ...(other.length === 0 ? [] : [metricsTable(other), '']),
    `${styleText('bold', 'verdict')}  ${coloured(run.verdict, run.verdict.toUpperCase())}`,
    ...(summary?.reasons ?? []).map((reason) => listItem(reason)),
  ].join('\n');
}

function metricsTable(metrics: readonly StoredMetric[]): string {
  const rows = metrics.map(({ name, value, unit }) => [name, value === undefined ? '–' : quantityText(value, unit)]);
  return textTable(['metric', 'measured'], rows, { right: [1] });
}
