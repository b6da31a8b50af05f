import { join } from 'node:path';
import type { DamagedFolder } from '../adapters/index/run-folders.ts';
import type { Verdict } from '../core/gates/model.ts';
import type { StoredRun } from '../core/history/stored-run.ts';
import { counted } from '../core/text/counted.ts';
import { judgeSummary } from '../core/verdict/judge-summary.ts';
import { EXIT } from '../core/verdict/exit-codes.ts';
import { barsOf, gatesBy, profileOf, storedSummary, type Bars } from './judge-stored.ts';
import { leftOutText, withStoredRuns } from './stored-runs.ts';
import { textTable } from './text-table.ts';
import { UsageError } from './usage-error.ts';
import { coloured } from './verdict-table.ts';

/** A stored run judged by the bars of today. */
interface JudgedRun {
  readonly id: string;
  readonly profile: string;
  readonly recorded: Verdict;
  /** Null: it cannot be judged. */
  readonly today: Verdict | null;
  /** What lowers today's verdict first, or why there is none; empty for a pass. */
  readonly reason: string;
}

/** Every stored run, judged. */
interface JudgedRuns {
  readonly runs: readonly JudgedRun[];
  readonly damaged: readonly DamagedFolder[];
}

/**
 * Judges every stored run by the bars that its profile and system have now. A profile that is given judges its own runs only.
 * @throws UsageError when that profile cannot be used
 */
export function judgeAll(profileName: string | undefined, set: readonly string[]): JudgedRuns {
  const given = profileName === undefined ? undefined : barsOf(profileOf(profileName, set));
  // Thousands of runs have few profiles.
  const known = new Map<string, Bars | UsageError>();
  const barsOfRun = ({ profile }: StoredRun): Bars => {
    if (given !== undefined) return given;
    const found = known.get(profile) ?? tried(() => barsOf(profileOf(profile, set)));
    known.set(profile, found);
    if (found instanceof UsageError) throw found;
    return found;
  };
  return withStoredRuns((index) => {
    const { profile } = given ?? {};
    const runs = index.runs(profile === undefined ? {} : { profile: profile.metadata.name });
    return { runs: runs.map((run) => judgedRun(run, barsOfRun)), damaged: index.damaged };
  });
}

function judgedRun(run: StoredRun, barsOfRun: (run: StoredRun) => Bars): JudgedRun {
  const { id, profile, verdict: recorded } = run;
  const judged = tried(() => {
    const summary = storedSummary(join(run.folder, 'summary.json'));
    return judgeSummary(summary, gatesBy(barsOfRun(run), summary));
  });
  if (judged instanceof UsageError) return { id, profile, recorded, today: null, reason: judged.message };
  return { id, profile, recorded, today: judged.verdict, reason: judged.reasons[0] ?? '' };
}

/** The result, or the error that a user can mend. */
function tried<T>(work: () => T): T | UsageError {
  try {
    return work();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

/** Fails when a run that did not fail would fail today, and is unmeasured when one that passed would be. */
export function exitCodeOfAll(runs: readonly JudgedRun[]): number {
  if (runs.some(({ recorded, today }) => recorded !== 'fail' && today === 'fail')) return EXIT.fail;
  if (runs.some(({ recorded, today }) => recorded === 'pass' && today === 'unmeasured')) return EXIT.unmeasured;
  return EXIT.pass;
}

/** The runs whose verdict would be another one, and how many there are. */
export function judgedAllText({ runs, damaged }: JudgedRuns): string {
  const changed = runs.filter(({ recorded, today }) => today !== null && today !== recorded);
  const without = runs.filter(({ today }) => today === null);
  const rows = changed.map(({ id, profile, recorded, today, reason }) => [
    id,
    profile,
    coloured(recorded),
    coloured(today ?? ''),
    reason,
  ]);
  const same = runs.length - changed.length - without.length;
  return [
    ...(changed.length === 0 ? [] : [textTable(['run', 'profile', 'recorded', "by today's bars", 'reason'], rows)]),
    `${counted(runs.length, 'stored run')}: ${same} as recorded, ${changed.length} changed, ${without.length} cannot be judged`,
    ...[...Map.groupBy(without, ({ reason }) => reason)].map(
      ([reason, of]) => `  ${of[0]?.id ?? ''}${of.length === 1 ? '' : ` and ${of.length - 1} more`}: ${reason}`,
    ),
    leftOutText({ damaged }),
  ]
    .filter((line) => line !== '')
    .join('\n');
}
