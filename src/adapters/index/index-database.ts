import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../host/make-folder.ts';
import { INDEX_LOCK_MS } from '../../core/plan/limits.ts';

/**
 * Raised when the tables or what is stored in them change, and also when more of a summary is read, or the check of a summary
 * changes: what is stored of a folder that has not changed is read no more, be it a run or why the folder is damaged. An index of
 * another format is made anew: everything in it comes from the run folders.
 */
const FORMAT = 5;

const TABLES = `
  CREATE TABLE runs (
    folder TEXT PRIMARY KEY,
    root TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    profile TEXT NOT NULL,
    verdict TEXT NOT NULL,
    ofComparison INTEGER NOT NULL,
    startedAtMs INTEGER NOT NULL,
    takenWith TEXT NOT NULL,
    run TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runsByTime ON runs (root, startedAtMs DESC);
  CREATE INDEX runsByProfile ON runs (root, profile, ofComparison, startedAtMs DESC);
  CREATE INDEX runsByState ON runs (root, folder, state);
  CREATE TABLE damaged (
    folder TEXT PRIMARY KEY,
    root TEXT NOT NULL,
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT NOT NULL
  ) STRICT;
  CREATE TABLE takenWith (hash TEXT PRIMARY KEY, rows TEXT NOT NULL) STRICT;
`;

/**
 * SQLite's codes: the file is damaged, no database at all, or has what the tables cannot be made beside, such as a view of their name.
 */
const DAMAGED: readonly unknown[] = [1, 11, 26];
/** The system's codes: the folder of the file cannot be made. */
const NO_FOLDER: readonly unknown[] = ['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'ENOENT', 'ELOOP'];

/**
 * Works with the index's database. A damaged file is removed and made anew. Where that cannot be opened or written now (no folder, no
 * right, a full disk, a lock of another process that does not end), the index lives in memory for as long as the command runs.
 * `work` may begin several times.
 */
export function withDatabase<T>(path: string, work: (database: DatabaseSync) => T): T {
  try {
    return within(path, work);
  } catch (error) {
    if (!isOfSqlite(error)) throw error;
    if (!isDamage(error)) return withDatabaseOf(inMemory(), work);
  }
  try {
    for (const file of [path, `${path}-wal`, `${path}-shm`]) rmSync(file, { force: true });
    return within(path, work);
  } catch (error) {
    if (!isOfSqlite(error)) throw error;
    return withDatabaseOf(inMemory(), work);
  }
}

/** Runs `work` in a transaction that other processes wait for. */
export function inTransaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    // Some errors, such as a full disk, end the transaction by themselves.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function within<T>(path: string, work: (database: DatabaseSync) => T): T {
  return withDatabaseOf(opened(path), work);
}

function withDatabaseOf<T>(database: DatabaseSync, work: (database: DatabaseSync) => T): T {
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function opened(path: string): DatabaseSync {
  try {
    makeFolder(dirname(path));
    return withTables(new DatabaseSync(path, { timeout: INDEX_LOCK_MS }));
  } catch (error) {
    if (!NO_FOLDER.includes((error as { readonly code?: unknown }).code)) throw error;
    return inMemory();
  }
}

function inMemory(): DatabaseSync {
  return withTables(new DatabaseSync(':memory:'));
}

function withTables(database: DatabaseSync): DatabaseSync {
  try {
    // Readers do not wait for a writer. What a power failure takes away is read from the folders again.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    if (formatOf(database) !== FORMAT) inTransaction(database, () => makeTables(database));
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function makeTables(database: DatabaseSync): void {
  // Another process may have made them while this one waited.
  if (formatOf(database) === FORMAT) return;
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  for (const { name } of tables) database.exec(`DROP TABLE "${String(name).replaceAll('"', '""')}"`);
  database.exec(TABLES);
  database.exec(`PRAGMA user_version = ${FORMAT}`);
}

function formatOf(database: DatabaseSync): unknown {
  return database.prepare('PRAGMA user_version').get()?.['user_version'];
}

function isOfSqlite(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ERR_SQLITE_ERROR';
}

/** SQLite's extended codes have the plain one in their lowest byte. */
function isDamage(error: unknown): boolean {
  const { errcode } = error as { readonly errcode?: unknown };
  return typeof errcode === 'number' && DAMAGED.includes(errcode & 0xff);
}
