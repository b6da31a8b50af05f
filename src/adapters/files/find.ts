import { createHash } from 'node:crypto';
import { readdirSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { explainName } from '../../core/files/fields.ts';
import { isSafeName } from '../../core/files/safe-name.ts';
import type { FileError, Notice, Parsed } from '../../core/files/file-error.ts';
import type { Catalogue } from '../../core/model/catalogue.ts';
import type { Ladder } from '../../core/model/ladder.ts';
import type { Profile } from '../../core/model/profile.ts';
import type { Substrate } from '../../core/model/substrate.ts';
import type { System } from '../../core/model/system.ts';
import { nearest } from '../../core/text/nearest.ts';
import { parseCatalogue, parseLadder, parseProfile, parseSubstrate, parseSystem } from '../../core/profile/parse.ts';
import type { ParseOptions } from '../../core/profile/parse.ts';
import { isStandardInput, readTextFile, STANDARD_INPUT } from './read-text.ts';

/** A file that was found and parsed. */
export interface FoundFile<T> {
  readonly ok: true;
  readonly value: T;
  readonly notices: readonly Notice[];
  /** Absolute path. */
  readonly path: string;
  readonly text: string;
  /** Of the text, in hex. */
  readonly sha256: string;
}

/** A {@link FoundFile}, or everything that is wrong. */
export type Found<T> = FoundFile<T> | NotFound;

/** What is wrong with a file; `named`: no file has the name, so the error is in the place that names it. */
interface NotFound {
  readonly ok: false;
  readonly errors: readonly FileError[];
  readonly named?: true;
}

type Parser<T> = (text: string, options: ParseOptions) => Parsed<T>;

/** Changes to what is found, before it is validated. */
export type FindOptions = Pick<ParseOptions, 'overrides'>;

/** Finds a profile by name in `profiles/` of the search folders, the first folder that has it wins. Never follows a path. */
export function findProfile(name: string, searchFolders: readonly string[], options: FindOptions = {}): Found<Profile> {
  return find('profile', 'profiles', name, searchFolders, parseProfile, options);
}

/** Finds a substrate by name in `substrates/`. */
export function findSubstrate(name: string, searchFolders: readonly string[]): Found<Substrate> {
  return find('substrate', 'substrates', name, searchFolders, parseSubstrate, {});
}

/** Finds a system by name in `systems/`. */
export function findSystem(name: string, searchFolders: readonly string[]): Found<System> {
  return find('system', 'systems', name, searchFolders, parseSystem, {});
}

/** Finds a ladder by name in `ladders/`. */
export function findLadder(name: string, searchFolders: readonly string[]): Found<Ladder> {
  return find('ladder', 'ladders', name, searchFolders, parseLadder, {});
}

/** Reads a profile file anywhere, or standard input for `-`: for a person's own command line, never for a workflow's input. */
export function loadProfileFile(path: string, options: FindOptions = {}): Found<Profile> {
  return loadTyped(path, parseProfile, options);
}

/** Reads a substrate file anywhere, as {@link loadProfileFile}. */
export function loadSubstrateFile(path: string): Found<Substrate> {
  return loadTyped(path, parseSubstrate, {});
}

/** Reads a ladder file anywhere, as {@link loadProfileFile}. */
export function loadLadderFile(path: string): Found<Ladder> {
  return loadTyped(path, parseLadder, {});
}

/** Whether an argument of the command line is meant as a path: it has a slash in it, ends in `.yaml`, or is `-`. */
export function looksLikePath(argument: string): boolean {
  return isStandardInput(argument) || argument.includes('/') || argument.includes(sep) || /\.ya?ml$/.test(argument);
}

/**
 * Loads a profile's catalogue: from `archetypes/` beside the profile, as upstream does, else from `profiles/archetypes/` of
 * the search folders.
 *
 * @param profileFolder folder of the profile's file; undefined for a profile that came as an object
 */
export function loadCatalogue(
  profileFolder: string | undefined,
  name: string,
  searchFolders: readonly string[] = [],
): Found<Catalogue> {
  const folders = searchFolders.map((folder) => join(folder, 'profiles', 'archetypes'));
  const all = profileFolder === undefined ? folders : [join(profileFolder, 'archetypes'), ...folders];
  return findIn('catalogue', all, name, parseCatalogue, {});
}

/** Names that can be found in one of `profiles`, `substrates`, `systems`, `ladders`, sorted. */
export function availableNames(
  kind: 'profiles' | 'substrates' | 'systems' | 'ladders',
  searchFolders: readonly string[],
): readonly string[] {
  return namesIn(searchFolders.map((folder) => join(folder, kind)));
}

function find<T>(
  what: string,
  subfolder: string,
  name: string,
  searchFolders: readonly string[],
  parse: Parser<T>,
  options: FindOptions,
): Found<T> {
  return findIn(
    what,
    searchFolders.map((folder) => join(folder, subfolder)),
    name,
    parse,
    options,
  );
}

function findIn<T>(
  what: string,
  folders: readonly string[],
  name: string,
  parse: Parser<T>,
  options: FindOptions,
): Found<T> {
  const file = `${what} ${JSON.stringify(name.slice(0, 80))}`;
  if (!isSafeName(name)) return refuse(file, explainName(name), 'a name, looked up in the configured folders');
  for (const folder of folders) {
    for (const extension of ['.yaml', '.yml']) {
      const path = join(folder, name + extension);
      const real = realPath(path);
      if (real === undefined) continue;
      const home = realPath(folder) ?? folder;
      if (!real.startsWith(home + sep))
        return refuse(shown(path), 'a link that leads out of its folder', `files below ${shown(folder)}`);
      return load(path, shown(path), parse, options);
    }
  }
  const known = namesIn(folders);
  const suggestion = nearest(name, known);
  return refuse(
    file,
    'not found',
    known.length > 0 ? known.join(', ') : `nothing: no files in ${folders.map(shown).join(', ')}`,
    suggestion,
  );
}

/** A file that was named on the command line. What lies beside it is looked for in the present folder for standard input. */
function loadTyped<T>(path: string, parse: Parser<T>, options: FindOptions): Found<T> {
  if (!isStandardInput(path)) return load(resolve(path), path, parse, options);
  const found = load(path, STANDARD_INPUT, parse, options);
  return found.ok ? { ...found, path: resolve(STANDARD_INPUT) } : found;
}

function load<T>(path: string, shownAs: string, parse: Parser<T>, options: FindOptions): Found<T> {
  const read = readTextFile(path, shownAs);
  if (!read.ok) return read;
  const parsed = parse(read.text, { file: shownAs, ...options });
  if (!parsed.ok) return parsed;
  return { ...parsed, path, text: read.text, sha256: createHash('sha256').update(read.text).digest('hex') };
}

function refuse(file: string, problem: string, allowed: string, suggestion?: string): NotFound {
  const error = { file, line: 0, column: 0, path: '', problem, found: '', allowed };
  return { ok: false, errors: [suggestion === undefined ? error : { ...error, suggestion }], named: true };
}

function namesIn(folders: readonly string[]): readonly string[] {
  const names = folders.flatMap((folder) => {
    try {
      return readdirSync(folder, { withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => entry.name);
    } catch {
      return [];
    }
  });
  return [...new Set(names.filter((name) => /\.ya?ml$/.test(name)).map((name) => name.replace(/\.ya?ml$/, '')))].sort();
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** A path as people want to read it: relative to where they are, if it lies below. */
export function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : short;
}

/** Folder of a found file. */
export function folderOf(found: FoundFile<unknown>): string {
  return dirname(found.path);
}
