import { Command } from 'commander';
import { createReadStream, lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { logTail } from '../adapters/host/log-tail.ts';
import { isPlainFile } from '../adapters/host/plain-file.ts';
import { nearest } from '../core/text/nearest.ts';
import { fetchStoredRun } from './fetch-stored.ts';
import { oneOf, wholeNumber } from './options.ts';
import { runFolderOf } from './stored-runs.ts';
import { textTable } from './text-table.ts';
import { UsageError } from './usage-error.ts';

interface LogsOptions {
  readonly tail?: string;
  readonly output: string;
}

interface StoredLog {
  readonly component: string;
  readonly path: string;
  readonly bytes: number;
}

const SUFFIX = '.log';

/** `belay logs`: the logs that a run kept. */
export function logsCommand(): Command {
  return new Command('logs')
    .description('List the logs that a run kept, or print one of them.')
    .argument('<run>', 'id of a run, or path of its folder')
    .argument('[component]', 'whose log to print; without it, the logs are listed')
    .option('--tail <lines>', 'only so many of its last lines, of its last 16 KiB')
    .option('-o, --output <format>', 'of the list: table or json', 'table')
    .action(async (id: string, component: string | undefined, { tail, output: typed }: LogsOptions) => {
      const output = oneOf('--output', typed, ['table', 'json']);
      const lines = tail === undefined ? undefined : wholeNumber('--tail', tail, 1);
      await fetchStoredRun(id, 'logs');
      const folder = runFolderOf(id);
      const logs = logsIn(folder);
      if (component === undefined) {
        print(
          output === 'json' ? JSON.stringify(logs, null, 2) : logs.length === 0 ? `${folder} has no logs` : table(logs),
        );
        return;
      }
      const { path } = logOf(component, logs, folder);
      if (lines === undefined)
        await pipeline(createReadStream(path, 'utf8'), wholeLines, process.stdout, { end: false });
      else print(logTail(path, lines));
    });
}

/** Texts that end with a line, so that none is printed in pieces: what makes it safe for a terminal looks at whole lines. */
async function* wholeLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf('\n') + 1;
    if (end > 0) yield rest + chunk.slice(0, end);
    rest = end > 0 ? chunk.slice(end) : rest + chunk;
  }
  if (rest !== '') yield rest;
}

/** Its logs. A link leads to what is none of the run's, and a pipe may never end. */
function logsIn(folder: string): readonly StoredLog[] {
  const logs = join(folder, 'logs');
  if (lstatSync(logs, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(logs)
    .filter((name) => name.endsWith(SUFFIX) && isPlainFile(join(logs, name)))
    .toSorted()
    .map((name) => {
      const path = join(logs, name);
      return { component: name.slice(0, -SUFFIX.length), path, bytes: statSync(path).size };
    });
}

/** The log of exactly this component, or of the only one whose name contains what was typed. */
function logOf(typed: string, logs: readonly StoredLog[], folder: string): StoredLog {
  const exact = logs.find(({ component }) => component === typed);
  const similar = logs.filter(({ component }) => component.includes(typed));
  const [only] = similar;
  if (exact !== undefined) return exact;
  if (only !== undefined && similar.length === 1) return only;
  const names = logs.map(({ component }) => component);
  const meant = similar.length > 1 ? undefined : nearest(typed, names);
  const hint = meant === undefined ? '' : `did you mean "${meant}"? `;
  const allowed = (similar.length > 1 ? similar.map(({ component }) => component) : names).join(', ');
  throw new UsageError(
    `component: found "${typed}"; ${hint}allowed: ${allowed === '' ? `none, ${folder} has no logs` : allowed}`,
  );
}

function table(logs: readonly StoredLog[]): string {
  const rows = logs.map(({ component, bytes, path }) => [component, `${Math.ceil(bytes / 1_024)} KiB`, path]);
  return textTable(['component', 'size', 'file'], rows, { right: [1] });
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
