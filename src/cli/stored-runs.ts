import { lstatSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { styleText } from 'node:util';
import { runsFolder } from '../adapters/host/folders.ts';
import { storeRunsFolder } from '../adapters/evidence/store-runs-folder.ts';
import { isDamaged, readRun } from '../adapters/index/run-folders.ts';
import { withRunIndex, type RunIndex } from '../adapters/index/run-index.ts';
import { runsLike } from '../core/history/find-run.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { messageOf } from '../core/text/message-of.ts';
import { UsageError } from './usage-error.ts';

/** Folders named in one footer. */
const NAMED = 5;

/** So many folders take a moment to read. */
const LONG = 1_000;

const ALLOWED = 'allowed: the id of a run, or the path of its folder';

/** Works with the index of the run folders. It says on standard error that a long reading goes on; at a terminal, how far it is. */
export function withStoredRuns<T>(work: (index: RunIndex) => T): T {
  return withRunIndex(work, { onProgress, more: storeFolder() });
}

/**
 * The run of an id, or of a path to its folder.
 * @throws UsageError that suggests other runs, or says why this one cannot be read
 */
export function storedRun(idOrFolder: string): StoredRun {
  // One run does not need what all others are like.
  const folder = folderOf(idOrFolder);
  if (isEntry(join(folder, 'summary.json'))) return readOrThrow(folder);
  return withStoredRuns((index) => {
    const ofMember = index.ofMembers.find(({ id }) => id === idOrFolder);
    if (ofMember !== undefined)
      throw new UsageError(
        `run ${idOrFolder} has no summary.json on this host: it has only this host's evidence; ${ofMember.lead} led the campaign`,
      );
    const unread = index.damaged.find(({ id }) => id === idOrFolder);
    if (unread !== undefined) throw new UsageError(`${unread.folder} cannot be used: ${unread.why}`);
    if (index.unfinished.some(({ id }) => id === idOrFolder))
      throw new UsageError(
        `run ${idOrFolder} has no summary.json: it runs, or ended before it was judged; "./belay watch ${idOrFolder}" follows a running one`,
      );
    throw new UsageError(unknownRun(idOrFolder, index.ids()));
  });
}

/**
 * The folder of a campaign that may have no summary yet, by its id or a path.
 * @throws UsageError that suggests other runs
 */
export function runFolderOf(idOrFolder: string): string {
  const folder = folderOf(idOrFolder);
  const known = ['summary.json', 'spec.json', 'logs'].some((file) => isEntry(join(folder, file)));
  if (isFolder(folder) && known) return folder;
  throw new UsageError(withStoredRuns((index) => unknownRun(idOrFolder, index.ids())));
}

/** What an index left out, for the end of a table: empty when that is nothing. */
export function leftOutText({
  damaged,
  unfinished = [],
  ofMembers = [],
}: Pick<RunIndex, 'damaged'> & Partial<Pick<RunIndex, 'unfinished' | 'ofMembers'>>): string {
  const lines = damaged.map(({ folder, why }) => styleText('yellow', `left out ${folder}: ${why}`));
  if (unfinished.length > 0)
    lines.push(`without a summary, running or broken off: ${firstOf(unfinished.map(({ id }) => id))}`);
  if (ofMembers.length > 0)
    lines.push(`this host's evidence for other leads: ${firstOf(ofMembers.map(({ id, lead }) => `${id} (${lead})`))}`);
  return lines.join('\n');
}

function onProgress(done: number, total: number): void {
  if (total < LONG) return;
  if (process.stderr.isTTY)
    process.stderr.write(
      done === total ? '\r\u001B[K' : `\r${done} of ${total} new or changed run folders are indexed`,
    );
  else if (done === 0) process.stderr.write(`${total} new or changed run folders are indexed, once\n`);
}

function firstOf(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `${names.slice(0, NAMED).join(', ')}${more}`;
}

function unknownRun(typed: string, ids: readonly string[]): string {
  const like = runsLike(typed, ids);
  const hint =
    ids.length === 0
      ? `there is none in ${runsFolder()}`
      : like.length === 0
        ? '"./belay list" lists them'
        : `did you mean ${like.join(', ')}? "./belay list" lists all`;
  return `found no stored run "${typed}"; ${hint}; ${ALLOWED}`;
}

function readOrThrow(folder: string): StoredRun {
  const run = readRun({ id: basename(folder), folder, state: undefined });
  if (isDamaged(run)) throw new UsageError(`${folder} cannot be used: ${run.why}`);
  return run;
}

/**
 * The folder of a run's name, in the runs folder or fetched from the store. Everything else is a path.
 * @throws UsageError for what has that name and is no folder
 */
function folderOf(typed: string): string {
  const isPath = ['', '.', '..'].includes(typed) || typed.includes('/');
  const stored = storeFolder();
  const roots = isPath ? ['.'] : [runsFolder(), ...(stored === undefined ? [] : [stored])];
  const paths = roots.map((root) => resolve(root, typed));
  const found = paths.find(isFolder);
  if (found !== undefined) return found;
  for (const path of paths) {
    const what = noFolder(path);
    if (what !== undefined) throw new UsageError(`found "${typed}": ${path} is ${what}; ${ALLOWED}`);
  }
  return resolve(typed);
}

/** What a path is that is no folder; undefined where there is nothing at all. */
function noFolder(path: string): string | undefined {
  try {
    if (!isEntry(path)) return undefined;
    const isLost = statSync(path, { throwIfNoEntry: false }) === undefined;
    return isLost ? 'a link that leads nowhere' : 'no folder';
  } catch (error) {
    const isLoop = (error as NodeJS.ErrnoException).code === 'ELOOP';
    return isLoop ? 'a link in a circle' : `not readable: ${messageOf(error)}`;
  }
}

/** Where runs are kept that were fetched from the store of evidence; undefined where none is set, or what is set is wrong. */
function storeFolder(): string | undefined {
  try {
    return storeRunsFolder();
  } catch {
    // Commands that ask the store say what is wrong with it.
    return undefined;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Whether anything has that path, also a link that leads nowhere and what may not be looked at. */
function isEntry(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
  }
}
