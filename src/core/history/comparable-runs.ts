import { differingParts } from './fingerprint-parts.ts';
import type { HistoryRun } from './metric-trends.ts';
import type { StoredRun } from './stored-run.ts';

/** Runs that can be compared with one of them, and those that cannot. */
export interface Comparable {
  readonly history: readonly HistoryRun[];
  /** Runs that were taken with something else, by what it is: a sentence, and how many. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/**
 * The runs that were taken with what `latest` was taken with; the version of the system may differ.
 * @param atMost so many; no more runs are read than it takes
 */
export function comparableRuns(latest: StoredRun, runs: Iterable<StoredRun>, atMost = Infinity): Comparable {
  const history: HistoryRun[] = [];
  const leftOut = new Map<string, number>();
  for (const run of runs) {
    if (history.length >= atMost) break;
    const [differing] = run.id === latest.id ? [] : differingParts(latest.fingerprint, run.fingerprint);
    if (differing === undefined) history.push(historyRun(run));
    else {
      const why = `${differing.part}: ${differing.other}`;
      leftOut.set(why, (leftOut.get(why) ?? 0) + 1);
    }
  }
  return { history, leftOut };
}

function historyRun({ id, startedAtMs, systemVersion, metrics }: StoredRun): HistoryRun {
  return { id, atMs: startedAtMs, version: systemVersion, metrics };
}
