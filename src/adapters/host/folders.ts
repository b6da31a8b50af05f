import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isSafeName } from '../../core/files/safe-name.ts';
import { canWrite } from './can-write.ts';

/** The checkout Belay runs from. */
export const repositoryFolder: string = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

/** What belongs to this checkout's own stack: Temporal's database, pids, ledgers. `BELAY_HOME` moves it. */
export function stateFolder(): string {
  return resolve(fromEnvironment('BELAY_HOME') ?? join(repositoryFolder, '.belay'));
}

/**
 * Built and downloaded tools, shared by every checkout of this user. `BELAY_CACHE` moves it. Where the user's cache folder cannot be
 * written, they are kept in the state folder.
 */
export function cacheFolder(): string {
  const set = fromEnvironment('BELAY_CACHE');
  if (set !== undefined) return resolve(set);
  const base = fromEnvironment('XDG_CACHE_HOME');
  // The specification of this variable wants relative paths to be ignored.
  const usual = join(base !== undefined && isAbsolute(base) ? base : join(homedir(), '.cache'), 'belay');
  return existsSync(usual) || canWrite(usual) ? usual : join(stateFolder(), 'cache');
}

/** Evidence, one folder per campaign. `BELAY_RUNS` moves it. */
export function runsFolder(): string {
  return resolve(fromEnvironment('BELAY_RUNS') ?? join(repositoryFolder, 'runs'));
}

/** The folder of a campaign's evidence. @throws RangeError for a name that would lead elsewhere */
export function runFolder(campaign: string): string {
  if (!isSafeName(campaign))
    throw new RangeError(`${JSON.stringify(String(campaign).slice(0, 80))} is no name of a campaign`);
  return join(runsFolder(), campaign);
}

/**
 * Folders in which profiles/, systems/, substrates/ and ladders/ are looked up, in order. `BELAY_PATH` (separated by
 * colons) adds folders before the checkout's own. Names in workflow input never lead outside of these.
 */
export function searchFolders(): readonly string[] {
  const extra = (fromEnvironment('BELAY_PATH') ?? '').split(':').filter((path) => path !== '');
  return [...extra.map((path) => resolve(path)), repositoryFolder];
}

/** A variable of the environment; an empty one is as good as unset, as everywhere in a shell. */
function fromEnvironment(name: string): string | undefined {
  return process.env[name] || undefined;
}
