import { writeFileSync } from 'node:fs';
import { readTextFile } from '../adapters/files/read-text.ts';
import type { RunIndex } from '../adapters/index/run-index.ts';
import { comparableRuns } from '../core/history/comparable-runs.ts';
import { historyOfRecords } from '../core/history/grove/history-of-records.ts';
import { recordOfRun } from '../core/history/grove/record-of-run.ts';
import { parseGroveRecords } from '../core/history/grove/record.ts';
import type { HistoryRun } from '../core/history/metric-trends.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { MAX_HISTORY_BYTES } from '../core/files/bounds.ts';
import { formatFileErrors, sortFileErrors } from '../core/files/file-error.ts';
import { nearest } from '../core/text/nearest.ts';
import { leftOutText, withStoredRuns } from './stored-runs.ts';
import { messageOf } from '../core/text/message-of.ts';
import { UsageError } from './usage-error.ts';

/** Stored runs that are read for one that is looked at: some of them were taken with something else. */
const READ_PER_RUN = 5;

/** The runs of one profile or test, and a note on those that are left out. */
export interface NamedHistory {
  readonly name: string;
  readonly history: readonly HistoryRun[];
  readonly notes: readonly string[];
  /** The latest stored run; absent for an import. */
  readonly latest?: StoredRun;
}

/**
 * The stored runs of a profile with the fingerprint of its latest one.
 * @param last runs that are looked at; 0 = all
 * @throws UsageError if the profile has no stored run
 */
export function storedHistory(profile: string, last: number): NamedHistory {
  return withNights(profile, (index, latest) => {
    const limit = last === 0 ? {} : { limit: last * READ_PER_RUN };
    const nights = index.each({ profile, nightsOnly: true, ...limit });
    const { history, leftOut } = comparableRuns(latest, nights, last === 0 ? Infinity : last);
    const others = [...leftOut].map(([why, count]) => `left out, taken with another ${why}: ${count}`);
    const compared = index.count({ profile }) - index.count({ profile, nightsOnly: true });
    const note = compared === 0 ? [] : [`left out, campaigns of comparisons: ${compared}`];
    const left = leftOutText({ damaged: index.damaged });
    return { name: profile, history, latest, notes: [...others, ...note, ...(left === '' ? [] : [left])] };
  });
}

/**
 * Writes the stored runs of a profile as lines of JSON, oldest first.
 * @throws UsageError for a file that cannot be written
 */
export function exportRuns(profile: string, file: string): void {
  const runs = withNights(profile, (index) => index.runs({ profile, nightsOnly: true }));
  const lines = runs.toReversed().map((run) => `${JSON.stringify(recordOfRun(run))}\n`);
  if (file === '-') {
    process.stdout.write(lines.join(''));
    return;
  }
  try {
    writeFileSync(file, lines.join(''));
  } catch (cause) {
    throw new UsageError(
      `--export: found "${file}"; ${messageOf(cause)}; allowed: a file that can be written, or - for standard output`,
      { cause },
    );
  }
}

/**
 * The runs of every test in a file, or of one of them.
 * @throws UsageError with every line that is wrong
 */
export function importedHistories(file: string, test: string | undefined): readonly NamedHistory[] {
  const read = readTextFile(file, file, 'followed', MAX_HISTORY_BYTES);
  if (!read.ok) throw new UsageError(formatFileErrors(sortFileErrors(read.errors)));
  const parsed = parseGroveRecords(read.text);
  if (!parsed.ok) {
    const lines = parsed.errors.map(
      ({ line, field, message }) => `${file}:${line}: ${field === '' ? '' : `${field}: `}${message}`,
    );
    throw new UsageError(lines.join('\n'));
  }
  const tests = Map.groupBy(parsed.records, ({ testName }) => testName);
  if (test !== undefined && !tests.has(test)) throw unknown('test', test, [...tests.keys()]);
  return [...tests]
    .filter(([name]) => test === undefined || name === test)
    .map(([name, records]) => ({ name, history: historyOfRecords(records), notes: [] }));
}

/** Works with the index of a profile that has a run, and its latest one. @throws UsageError where it has none */
function withNights<T>(profile: string, work: (index: RunIndex, latest: StoredRun) => T): T {
  return withStoredRuns((index) => {
    const [latest] = index.runs({ profile, nightsOnly: true, limit: 1 });
    if (latest === undefined) throw unknown('profile', profile, index.profiles());
    return work(index, latest);
  });
}

function unknown(what: string, found: string, allowed: readonly string[]): UsageError {
  const like = nearest(found, allowed);
  const hint = like === undefined ? '' : `; did you mean ${like}?`;
  const known = allowed.length === 0 ? 'none has a run' : allowed.join(', ');
  return new UsageError(`found no run of ${what} "${found}"${hint}; allowed: ${known}`);
}
