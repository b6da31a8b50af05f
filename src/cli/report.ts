import { Command } from 'commander';
import { relistFile } from '../adapters/evidence/manifest.ts';
import { summaryInFolder } from '../adapters/evidence/write-summary.ts';
import { runsFolder } from '../adapters/host/folders.ts';
import { fetchStoredRun } from './fetch-stored.ts';
import { counted } from '../core/text/counted.ts';
import { jsonFault } from '../core/text/json-fault.ts';
import { messageOf } from '../core/text/message-of.ts';
import { safeForTerminal } from '../core/text/terminal.ts';
import { oneOf } from './options.ts';
import { runFolderOf, storedRun } from './stored-runs.ts';
import { UsageError } from './usage-error.ts';

interface ReportOptions {
  readonly format: string;
  readonly index?: string | true;
  readonly output: string;
}

/** `belay report`: the report of a run, made again from its stored evidence, in short as Markdown, or a site of all runs. */
export function reportCommand(): Command {
  return new Command('report')
    .description(
      'Make the report of a stored run again, from its evidence and with the code of this version; or a site of all runs.',
    )
    .argument('[run]', 'id of a stored run, or path of its folder')
    .option('-f, --format <format>', 'html: report.html in its folder; markdown: in short, for a pull request', 'html')
    .option(
      '--index [folder]',
      'write a static site of all runs: into the runs folder, or into a folder that can be published',
    )
    .option('-o, --output <format>', 'text or json', 'text')
    .action(async (id: string | undefined, options: ReportOptions) => {
      const output = oneOf('--output', options.output, ['text', 'json']);
      const format = oneOf('--format', options.format, ['html', 'markdown']);
      if (options.index !== undefined) {
        if (id !== undefined) throw new UsageError(`"report --index" is about all runs; found the run "${id}" too`);
        return await site(options.index, output);
      }
      if (id === undefined)
        throw new UsageError('which run? "./belay list" lists them; "./belay report --index" makes a site of all');
      await fetchStoredRun(id, 'report');
      const folder = runFolderOf(id);
      // Says why a summary cannot be used, before anything is written.
      const run = storedRun(id);
      if (format === 'markdown') {
        process.stdout.write(await markdown(folder));
        return;
      }
      const { writeRunReport } = await import('../adapters/reports/write-run-report.ts');
      const report = await writeRunReport(folder).catch((cause: unknown) => {
        throw notDrawn(folder, cause);
      });
      await relistFile(folder, 'report.html');
      process.stdout.write(`${output === 'json' ? JSON.stringify({ id: run.id, folder, report }, null, 2) : report}\n`);
    });
}

/** What the evidence lacks, or has that cannot be drawn. What the system reports stays as it is. */
function notDrawn(folder: string, cause: unknown): unknown {
  if (!(cause instanceof TypeError || cause instanceof RangeError || cause instanceof SyntaxError)) return cause;
  if ('code' in cause) return cause;
  const what = cause instanceof SyntaxError ? `not JSON: ${jsonFault(cause)}` : messageOf(cause);
  return new UsageError(
    `${folder} cannot be reported: ${what}; allowed: spec.json, timeline.jsonl, host.jsonl and prometheus/series/ as a campaign writes them`,
    { cause },
  );
}

async function markdown(folder: string): Promise<string> {
  const summary = summaryInFolder(folder);
  if (summary === undefined) throw new UsageError(`${folder} has no summary.json`);
  const { runMarkdown } = await import('../adapters/reports/run-markdown.ts');
  return runMarkdown(folder, summary);
}

async function site(folder: string | true, output: 'text' | 'json'): Promise<void> {
  if (folder === '') throw new UsageError('--index: found ""; allowed: a folder, or nothing for the runs folder');
  const { PageTaken, SiteNotWritten, writeSite } = await import('../adapters/reports/site.ts');
  const written = ((): ReturnType<typeof writeSite> => {
    try {
      return writeSite({ runs: runsFolder(), to: folder === true ? undefined : folder });
    } catch (cause) {
      if (cause instanceof SiteNotWritten) throw new UsageError(notWritten(folder, cause), { cause });
      throw cause instanceof PageTaken ? new UsageError(cause.message, { cause }) : cause;
    }
  })();
  const { index, pages, runs, leftOut, withoutReport } = written;
  for (const { folder: of, why } of leftOut) process.stderr.write(safeForTerminal(`left out ${of}: ${why}\n`));
  for (const { folder: of, why } of withoutReport)
    process.stderr.write(safeForTerminal(`left out the report of ${of}: ${why}\n`));
  const text = `${index}: ${counted(runs, 'run')} on ${counted(pages, 'page')}`;
  process.stdout.write(`${output === 'json' ? JSON.stringify(written, null, 2) : text}\n`);
}

function notWritten(folder: string | true, { message }: Error): string {
  const typed = folder === true ? `nothing, which is the runs folder ${runsFolder()}` : `"${folder}"`;
  return `--index: found ${typed}; ${message}; allowed: a folder in which files can be written`;
}
