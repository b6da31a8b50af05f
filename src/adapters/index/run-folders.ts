import { existsSync, lstatSync, readdirSync, type Dirent } from 'node:fs';
import { join, sep } from 'node:path';
import { hash } from 'node:crypto';
import { storedRunOf, type StoredRun } from '../../core/history/stored-run.ts';
import { STORED_FILE_BYTES } from '../../core/plan/limits.ts';
import { jsonFault } from '../../core/text/json-fault.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { leadOfMember } from '../evidence/folder-owner.ts';
import { summaryOfJson } from '../evidence/write-summary.ts';
import { readJsonFile } from '../host/atomic-file.ts';
import type { ListedFile } from '../host/listed-files.ts';
import { NotRead, readPlainFile } from '../host/plain-file.ts';

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
  /** The system could not read it this time, e.g. for want of open files: it may be read at the next look. */
  readonly mayPass?: true;
}

/** What a campaign leaves that has no summary. */
const OTHER_EVIDENCE = ['spec.json', 'timeline.jsonl', 'readings.jsonl'];

/** The campaigns' folders below the runs folder. Climbs, and whatever else lies there, are left out. */
export function runFolders(runs: string): readonly RunFolder[] {
  const names = entriesOf(runs)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !entry.name.endsWith('.tmp'))
    .map(({ name }) => name);
  // Names that are not UTF-8 are read as the same text.
  return [...new Set(names)].flatMap((id) => {
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
    // Read once: what is checked is what is used.
    const content = readPlainFile(`${folder}${sep}summary.json`, STORED_FILE_BYTES);
    const run = storedRunOf(summaryOfJson(JSON.parse(content.toString('utf8'))), folder);
    const fault = changedSince(folder, content);
    return fault === undefined ? { ...run, id } : { id, folder, ...fault };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { id, folder, why: 'its summary.json is gone', mayPass: true };
    if (error instanceof NotRead) return { id, folder, why: `its summary.json ${error.what}` };
    const why = error instanceof SyntaxError ? `its summary.json is not JSON: ${jsonFault(error)}` : wrongField(error);
    return { id, folder, why, ...passing(error) };
  }
}

/** Which host has the summary of a folder without one, if that is known; or why that cannot be read. */
export function memberFolder({ id, folder }: RunFolder): { readonly lead?: string | undefined } | DamagedFolder {
  try {
    return { lead: leadOfMember(folder) };
  } catch (error) {
    return { id, folder, ...faultOf('member.json', error) };
  }
}

/** What the system reports passes, but for a loop of links. What is wrong with a file itself stays until it changes. */
function passing(error: unknown): Pick<DamagedFolder, 'mayPass'> {
  const { code } = error as { readonly code?: unknown };
  return code === undefined || code === 'ELOOP' ? {} : { mayPass: true };
}

/** Whether a folder was left out because it is damaged. */
export function isDamaged(run: object): run is DamagedFolder {
  return 'why' in run;
}

/** Why a folder is left out. */
type Fault = Pick<DamagedFolder, 'why' | 'mayPass'>;

/** What tells that a summary is not the file that its manifest lists; undefined where it is, or where nothing lists it. */
function changedSince(folder: string, content: Buffer): Fault | undefined {
  const manifest = manifestOf(folder);
  if ('why' in manifest) return manifest;
  const listed = manifest.files.find((file) => file?.path === 'summary.json') ?? undefined;
  if (listed === undefined) return undefined;
  return hash('sha256', content) === listed.sha256
    ? undefined
    : { why: 'its summary.json was changed after MANIFEST.json listed it' };
}

/** What its manifest lists, nothing where there is none, or why that cannot be read. */
function manifestOf(folder: string): { readonly files: readonly (ListedFile | null)[] } | Fault {
  try {
    const manifest = readJsonFile(join(folder, 'MANIFEST.json')) as { readonly files?: unknown } | null | undefined;
    const files = manifest?.files ?? [];
    if (!Array.isArray(files)) return { why: 'its MANIFEST.json has no list of files' };
    return { files: files as readonly ListedFile[] };
  } catch (error) {
    return faultOf('MANIFEST.json', error);
  }
}

/** Why a file beside the summary cannot be read. */
function faultOf(name: string, error: unknown): Fault {
  if (error instanceof NotRead) return { why: `its ${name} ${error.what}` };
  return { why: `its ${name} cannot be read: ${jsonFault(error)}`, ...passing(error) };
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
    const stat = lstatSync(path, { throwIfNoEntry: false });
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
