import { existsSync, readdirSync, readFileSync, statSync, type Dirent } from 'node:fs';
import { join, sep } from 'node:path';
import { createHash } from 'node:crypto';
import { storedRunOf, type StoredRun } from '../../core/history/stored-run.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { summaryInFolder } from '../evidence/write-summary.ts';
import { readJsonFile } from '../host/atomic-file.ts';
import type { ListedFile } from '../host/listed-files.ts';

/** A folder of a campaign, as far as its name and its files' states say. */
export interface RunFolder {
  readonly id: string;
  readonly folder: string;
  /** Changes whenever `summary.json` does; undefined for a campaign without a summary. */
  readonly state: string | undefined;
}

/** A run folder that cannot be read, and why. */
export interface DamagedFolder {
  readonly id: string;
  readonly folder: string;
  readonly why: string;
}

/** What a campaign leaves that has no summary. */
const OTHER_EVIDENCE = ['spec.json', 'timeline.jsonl', 'readings.jsonl'];

/** The campaigns' folders below the runs folder. Climbs, and whatever else lies there, are left out. */
export function runFolders(runs: string): readonly RunFolder[] {
  return entriesOf(runs)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !entry.name.endsWith('.tmp'))
    .flatMap(({ name: id }) => {
      // `join` normalizes each path, which takes longer than the question about the file.
      const folder = `${runs}${sep}${id}`;
      const state = stateOf(folder);
      const isRun = state !== undefined || OTHER_EVIDENCE.some((file) => existsSync(join(folder, file)));
      return isRun ? [{ id, folder, state }] : [];
    });
}

/** Reads a run. A second folder with the same summary is a run of its own: a run is named after its folder. */
export function readRun({ id, folder }: RunFolder): StoredRun | DamagedFolder {
  try {
    if (!isFileOrNone(join(folder, 'summary.json'))) return { id, folder, why: 'its summary.json is no file' };
    const summary = summaryInFolder(folder);
    if (summary === undefined) return { id, folder, why: 'its summary.json is gone' };
    const changed = changedSince(folder);
    return changed === undefined ? { ...storedRunOf(summary, folder), id } : { id, folder, why: changed };
  } catch (error) {
    const [first = ''] = messageOf(error)
      .split('\n')
      .filter((line) => line.trim() !== '');
    return {
      id,
      folder,
      why: error instanceof SyntaxError ? `its summary.json is not JSON: ${first}` : wrongField(error),
    };
  }
}

/** Whether a folder was left out because it is damaged. */
export function isDamaged(run: StoredRun | DamagedFolder): run is DamagedFolder {
  return 'why' in run;
}

/** What tells that `summary.json` is not the file that its manifest lists; undefined where it is, or where nothing lists it. */
function changedSince(folder: string): string | undefined {
  const manifest = manifestOf(folder);
  if (typeof manifest === 'string') return manifest;
  const listed = manifest.find((file) => file?.path === 'summary.json') ?? undefined;
  if (listed === undefined) return undefined;
  const sha256 = createHash('sha256')
    .update(readFileSync(join(folder, 'summary.json')))
    .digest('hex');
  return sha256 === listed.sha256 ? undefined : 'its summary.json was changed after MANIFEST.json listed it';
}

/** What its manifest lists, nothing where there is none, or why that cannot be read. */
function manifestOf(folder: string): readonly (ListedFile | null)[] | string {
  const path = join(folder, 'MANIFEST.json');
  if (!isFileOrNone(path)) return 'its MANIFEST.json is no file';
  try {
    const manifest = readJsonFile(path) as { readonly files?: unknown } | null | undefined;
    const files = manifest?.files ?? [];
    return Array.isArray(files) ? (files as readonly ListedFile[]) : 'its MANIFEST.json has no list of files';
  } catch (error) {
    return `its MANIFEST.json cannot be read: ${messageOf(error).split('\n', 1)[0] ?? ''}`;
  }
}

/** A pipe would be waited for. @throws what keeps it from being looked at, e.g. a loop of links */
function isFileOrNone(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() !== false;
}

/** Changes whenever `MANIFEST.json` does. What a folder is damaged by may be there. */
export function manifestState(folder: string): string {
  return fileState(`${folder}${sep}MANIFEST.json`) ?? '';
}

/** An inode changes with every rename, and a change in place changes the time of the inode, which cannot be set. */
function stateOf(folder: string): string | undefined {
  return fileState(`${folder}${sep}summary.json`);
}

/** The state of a file, or why it cannot be looked at: a loop of links, a folder that may not be searched. */
function fileState(path: string): string | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? undefined : `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'not readable';
  }
}

function entriesOf(runs: string): readonly Dirent[] {
  try {
    return readdirSync(runs, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The first thing that is wrong with a summary, in a sentence. */
function wrongField(error: unknown): string {
  const { issues } = error as {
    readonly issues?: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
  };
  const [first] = issues ?? [];
  if (first === undefined) return `its summary.json cannot be read: ${messageOf(error)}`;
  const more = (issues?.length ?? 0) > 1 ? ` (and ${(issues?.length ?? 0) - 1} more)` : '';
  const where = first.path.length === 0 ? '' : `${first.path.map(String).join('.')}: `;
  return `its summary.json is no summary of Belay: ${where}${first.message}${more}`;
}
