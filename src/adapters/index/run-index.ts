import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { hash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { StoredRun } from '../../core/history/stored-run.ts';
import type { Verdict } from '../../core/gates/model.ts';
import { INDEX_BATCH } from '../../core/plan/limits.ts';
import { runsFolder, stateFolder } from '../host/folders.ts';
import { inTransaction, withDatabase } from './index-database.ts';
import {
  isDamaged,
  manifestState,
  memberFolder,
  readRun,
  runFolders,
  type DamagedFolder,
  type RunFolder,
} from './run-folders.ts';

/** Which runs are asked for. Without a field, all. */
export interface RunQuery {
  readonly profile?: string;
  readonly verdict?: Verdict;
  /** Runs that began at this time or later. */
  readonly sinceMs?: number;
  /** Without the campaigns of comparisons, which are no nights of their profile. */
  readonly nightsOnly?: boolean;
  readonly limit?: number;
}

/** The stored runs, as their folders are now. */
export interface RunIndex {
  /** Newest first. */
  runs(query?: RunQuery): readonly StoredRun[];
  /** The same, one at a time: what is not asked for is not read. */
  each(query?: RunQuery): Iterable<StoredRun>;
  /** The same as texts of JSON, which are not parsed. */
  jsonOfEach(query?: RunQuery): Iterable<string>;
  /** How many runs a query has without its limit. */
  count(query?: RunQuery): number;
  ids(): readonly string[];
  /** Names of the profiles with runs that are no part of a comparison, in order. */
  profiles(): readonly string[];
  /** Folders that were left out because they cannot be read. */
  readonly damaged: readonly DamagedFolder[];
  /** Campaigns without a summary: they run, or ended before they were judged. */
  readonly unfinished: readonly RunFolder[];
  /** Evidence of this host that did not reach its lead. The lead has the summary. */
  readonly ofMembers: readonly MemberFolder[];
}

/** A folder of a campaign over several hosts, on a host that is not its lead. */
interface MemberFolder extends Omit<RunFolder, 'state'> {
  /** Name of the host with the summary. */
  readonly lead: string;
}

/** Where the index looks, and whom it tells how far it is. */
interface IndexOptions {
  readonly runs?: string;
  /** Another folder with runs. A run that both have is the one of the first. */
  readonly more?: string | undefined;
  /** Called before and while changed folders are read. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Opens the index of the run folders, brings it up to date, and works with it. It is a cache: the folders alone decide what is
 * in it, so it may be removed at any time. Commands that run at the same time share it.
 */
export function withRunIndex<T>(work: (index: RunIndex) => T, options: IndexOptions = {}): T {
  const root = resolve(options.runs ?? runsFolder());
  return withDatabase(join(stateFolder(), 'index.sqlite'), (database) => {
    const found = runFolders(root);
    const damaged = [...update(database, root, found, options.onProgress)];
    const roots = [root];
    if (options.more !== undefined) {
      const own = new Set(found.map(({ id }) => id));
      const others = runFolders(options.more).filter(({ id }) => !own.has(id));
      damaged.push(...update(database, options.more, others, options.onProgress));
      roots.push(options.more);
    }
    const { unread, ...others } = withoutSummary(found);
    return work({ ...queries(database, roots), damaged: [...damaged, ...unread], ...others });
  });
}

function withoutSummary(
  found: readonly RunFolder[],
): Pick<RunIndex, 'unfinished' | 'ofMembers'> & { readonly unread: readonly DamagedFolder[] } {
  const unfinished: RunFolder[] = [];
  const ofMembers: MemberFolder[] = [];
  const unread: DamagedFolder[] = [];
  for (const one of found.filter(({ state }) => state === undefined)) {
    const { id, folder } = one;
    const member = memberFolder(one);
    if (isDamaged(member)) unread.push(member);
    else if (member.lead === undefined) unfinished.push(one);
    else ofMembers.push({ id, folder, lead: member.lead });
  }
  return { unfinished, ofMembers, unread };
}

/** Reads what changed since the last time and forgets what is gone. @returns folders that cannot be read */
function update(
  database: DatabaseSync,
  root: string,
  found: readonly RunFolder[],
  onProgress: IndexOptions['onProgress'],
): readonly DamagedFolder[] {
  const states = database.prepare('SELECT folder, state FROM runs WHERE root = ?');
  states.setReturnArrays(true);
  // What is left in these two at the end is gone.
  const known = new Map(states.all(root) as unknown as readonly (readonly [folder: string, state: string])[]);
  const knownDamaged = new Map(
    database
      .prepare('SELECT folder, id, state, why FROM damaged WHERE root = ?')
      .all(root)
      .map((row) => [String(row['folder']), { id: String(row['id']), state: row['state'], why: String(row['why']) }]),
  );
  const changed: RunFolder[] = [];
  const damaged: DamagedFolder[] = [];
  for (const one of found) {
    const { folder, state } = one;
    if (state === undefined) continue;
    const before = knownDamaged.get(folder);
    if (before !== undefined && before.state === stateOfDamaged(folder, state)) {
      damaged.push({ id: before.id, folder, why: before.why });
      knownDamaged.delete(folder);
    } else if (known.get(folder) !== state) changed.push(one);
    known.delete(folder);
  }
  const gone = [...known.keys(), ...knownDamaged.keys()];
  const writing = writer(database, root);
  if (gone.length > 0) inTransaction(database, () => gone.forEach((folder) => writing.forget(folder)));
  if (changed.length > 0) onProgress?.(0, changed.length);
  for (let from = 0; from < changed.length; from += INDEX_BATCH) {
    const batch = changed.slice(from, from + INDEX_BATCH);
    // Reading takes most of the time, and other commands do not wait for it. States are those before it: what is written meanwhile
    // is another one.
    const read = batch.map((one) => {
      const { folder, state = '' } = one;
      const ifDamaged = stateOfDamaged(folder, state);
      return { folder, state, ifDamaged, run: readRun(one) };
    });
    inTransaction(database, () => {
      for (const { folder, state, ifDamaged, run } of read) {
        writing.forget(folder);
        if (!isDamaged(run)) {
          writing.store(state, run);
          continue;
        }
        damaged.push({ id: run.id, folder, why: run.why });
        if (run.mayPass !== true) writing.storeDamaged(ifDamaged, run);
      }
    });
    onProgress?.(Math.min(from + INDEX_BATCH, changed.length), changed.length);
  }
  return damaged.toSorted((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** Thousands of damaged folders are read once, too. Taken before they are read. */
function stateOfDamaged(folder: string, state: string): string {
  return `${state}, ${manifestState(folder)}`;
}

/** What changes the index of a runs folder. Its statements are compiled once. */
interface Writer {
  forget(folder: string): void;
  store(state: string, run: StoredRun): void;
  storeDamaged(state: string, damaged: DamagedFolder): void;
}

function writer(database: DatabaseSync, root: string): Writer {
  const forgetRun = database.prepare('DELETE FROM runs WHERE folder = ?');
  const forgetDamaged = database.prepare('DELETE FROM damaged WHERE folder = ?');
  const storeTakenWith = database.prepare('INSERT OR IGNORE INTO takenWith (hash, rows) VALUES (?, ?)');
  const storeRun = database.prepare(
    'INSERT OR REPLACE INTO runs (folder, root, id, state, profile, verdict, ofComparison, startedAtMs, takenWith, run) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const storeWhy = database.prepare('INSERT INTO damaged (folder, root, id, state, why) VALUES (?, ?, ?, ?, ?)');
  return {
    forget(folder) {
      forgetRun.run(folder);
      forgetDamaged.run(folder);
    },
    store(state, run) {
      // Thousands of runs are taken with the same tools, so these rows are kept once.
      const { takenWith, ...own } = run;
      const rows = JSON.stringify(takenWith);
      const digest = hash('sha256', rows);
      storeTakenWith.run(digest, rows);
      const { folder, id, profile, verdict, comparison, startedAtMs } = run;
      const ofComparison = comparison === undefined ? 0 : 1;
      const began = Math.round(startedAtMs);
      storeRun.run(
        folder,
        root,
        id,
        state,
        keyOfProfile(profile),
        verdict,
        ofComparison,
        began,
        digest,
        JSON.stringify(own),
      );
    },
    storeDamaged(state, { id, folder, why }) {
      storeWhy.run(folder, root, id, state, why);
    },
  };
}

function queries(
  database: DatabaseSync,
  roots: readonly string[],
): Pick<RunIndex, 'runs' | 'each' | 'jsonOfEach' | 'count' | 'ids' | 'profiles'> {
  const found = new Map<string, { readonly text: string; readonly rows: StoredRun['takenWith'] }>();
  const takenWith = (digest: string): { readonly text: string; readonly rows: StoredRun['takenWith'] } => {
    const known = found.get(digest);
    if (known !== undefined) return known;
    const row = database.prepare('SELECT rows FROM takenWith WHERE hash = ?').get(digest);
    const text = String(row?.['rows'] ?? '[]');
    const parsed = { text, rows: JSON.parse(text) as StoredRun['takenWith'] };
    found.set(digest, parsed);
    return parsed;
  };
  function* rows(query: RunQuery = {}): Iterable<{ readonly run: string; readonly digest: string }> {
    const { text, values } = conditions(roots, query);
    const sql = `SELECT run, takenWith FROM runs WHERE ${text} ORDER BY startedAtMs DESC, id LIMIT ?`;
    for (const row of database.prepare(sql).iterate(...values, query.limit ?? -1))
      yield { run: String(row['run']), digest: String(row['takenWith']) };
  }
  function* each(query?: RunQuery): Iterable<StoredRun> {
    for (const { run, digest } of rows(query))
      yield { ...(JSON.parse(run) as Omit<StoredRun, 'takenWith'>), takenWith: takenWith(digest).rows };
  }
  function* jsonOfEach(query?: RunQuery): Iterable<string> {
    // The text of an object that has fields already.
    for (const { run, digest } of rows(query)) yield `${run.slice(0, -1)},"takenWith":${takenWith(digest).text}}`;
  }
  return {
    runs: (query) => [...each(query)],
    each,
    jsonOfEach,
    count(query = {}) {
      const { text, values } = conditions(roots, query);
      return Number(database.prepare(`SELECT count(*) AS count FROM runs WHERE ${text}`).get(...values)?.['count']);
    },
    ids: () =>
      database
        .prepare(`SELECT id FROM runs WHERE ${inRoots(roots)} ORDER BY startedAtMs DESC`)
        .all(...roots)
        .map(({ id }) => String(id)),
    profiles: () =>
      database
        .prepare(`SELECT DISTINCT profile FROM runs WHERE ${inRoots(roots)} AND ofComparison = 0 ORDER BY profile`)
        .all(...roots)
        .map(({ profile }) => JSON.parse(String(profile)) as string),
  };
}

/** SQLite replaces what is no Unicode, such as half a pair of surrogates: two names would be one. In JSON it is written out. */
function keyOfProfile(profile: string): string {
  return JSON.stringify(profile);
}

function inRoots(roots: readonly string[]): string {
  return `root IN (${roots.map(() => '?').join(', ')})`;
}

function conditions(
  roots: readonly string[],
  { profile, verdict, sinceMs, nightsOnly }: RunQuery,
): { readonly text: string; readonly values: readonly SQLInputValue[] } {
  const parts: readonly (readonly [string, SQLInputValue | undefined])[] = [
    ['profile = ?', profile === undefined ? undefined : keyOfProfile(profile)],
    ['verdict = ?', verdict],
    ['ofComparison = ?', nightsOnly === true ? 0 : undefined],
    ['startedAtMs >= ?', sinceMs],
  ];
  const set = parts.filter(([, value]) => value !== undefined);
  return {
    text: [inRoots(roots), ...set.map(([text]) => text)].join(' AND '),
    values: [...roots, ...set.map(([, value]) => value ?? null)],
  };
}
