import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout Belay runs from. */
export const repositoryFolder: string = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

/** What belongs to this checkout's own stack: Temporal's database, pids, ledgers. `BELAY_HOME` moves it. */
export function stateFolder(): string {
  return resolve(fromEnvironment('BELAY_HOME') ?? join(repositoryFolder, '.belay'));
}

/** Built and downloaded tools, shared by every checkout of this user. `BELAY_CACHE` moves it. */
export function cacheFolder(): string {
  const base = fromEnvironment('XDG_CACHE_HOME') ?? join(homedir(), '.cache');
  return resolve(fromEnvironment('BELAY_CACHE') ?? join(base, 'belay'));
}

/** Evidence, one folder per campaign. `BELAY_RUNS` moves it. */
export function runsFolder(): string {
  return resolve(fromEnvironment('BELAY_RUNS') ?? join(repositoryFolder, 'runs'));
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
