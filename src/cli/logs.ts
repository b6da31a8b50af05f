import { Command } from 'commander';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { logTail } from '../adapters/host/log-tail.ts';
import { NotRead, openPlainFile, otherKind, requireFolder } from '../adapters/host/plain-file.ts';
import { STORED_LOG_BYTES } from '../core/plan/limits.ts';
import { bytesText } from '../core/text/bytes.ts';
import { nearest } from '../core/text/nearest.ts';
import { fetchStoredRun } from './fetch-stored.ts';
import { oneOf, wholeNumber } from './options.ts';
import { runFolderOf } from './stored-runs.ts';
import { safeForTerminal } from '../core/text/terminal.ts';
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
      const logs = logsIn(folder, component);
      if (component === undefined) {
        print(
          output === 'json' ? JSON.stringify(logs, null, 2) : logs.length === 0 ? `${folder} has no logs` : table(logs),
        );
        return;
      }
      const { path } = logOf(component, logs, folder);
      if (lines === undefined) await printWhole(path);
      else print(logTail(path, lines));
    });
}

async function printWhole(path: string): Promise<void> {
  const file = await openPlainFile(path);
  try {
    const { size } = await file.stat();
    if (size > STORED_LOG_BYTES)
      throw new UsageError(
        `${path} has ${bytesText(size)}; allowed: ${bytesText(STORED_LOG_BYTES)}, and --tail for the end of any log`,
      );
    if (size === 0) return;
    // Not what is added meanwhile: a log that grows as fast as it is read would never end.
    const text = file.createReadStream({ encoding: 'utf8', end: size - 1, autoClose: false });
    await pipeline(text, wholeLines, process.stdout, { end: false });
  } finally {
    await file.close();
  }
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

/**
 * Its logs. What is no plain file is named and left out: a link leads to what is none of the run's, and a pipe may never end.
 * @param component whose log is asked for
 * @throws NotRead where that is no plain file, or `logs` no folder
 */
function logsIn(folder: string, component: string | undefined): readonly StoredLog[] {
  const logs = join(folder, 'logs');
  requireFolder(logs);
  const names = lstatSync(logs, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(logs);
  return names
    .filter((name) => name.endsWith(SUFFIX))
    .toSorted()
    .flatMap((name) => {
      const path = join(logs, name);
      const own = name.slice(0, -SUFFIX.length);
      const kind = otherKind(path);
      if (kind === undefined) return [{ component: own, path, bytes: lstatSync(path).size }];
      if (own === component) throw new NotRead(path, `is ${kind}; allowed: a plain file`);
      process.stderr.write(safeForTerminal(`left out ${path}: it is ${kind}\n`));
      return [];
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
