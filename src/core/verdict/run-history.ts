import { identityRows } from '../identity/describe-identity.ts';
import type { Verdict } from '../gates/model.ts';
import { counted } from '../text/counted.ts';
import { momentText } from '../text/time.ts';
import type { Summary } from './summary-model.ts';

/** A run before this one, as far as a report needs it. */
export interface EarlierRun {
  readonly id: string;
  readonly verdict: Verdict;
  readonly startedAtMs: number;
  /** By name; undefined = unmeasured. */
  readonly metrics: readonly { readonly name: string; readonly value: number | undefined; readonly unit: string }[];
  /** What its readings were taken with. Empty where that was not recorded. */
  readonly takenWith: readonly (readonly [part: string, what: string])[];
}

/** What earlier runs say about a run. */
export interface RunHistory {
  /** Runs that can be compared with it and began before it, newest first. */
  readonly earlier: readonly EarlierRun[];
}

/** A part of what was tested that is not as it was. */
interface ChangedPart {
  readonly part: string;
  readonly before: string;
  readonly now: string;
}

const WORDS: Readonly<Record<Verdict, string>> = { pass: 'green', unmeasured: 'unmeasured', fail: 'red' };

/** Since when runs end like this one, in a sentence. */
export function sinceSentence(verdict: Verdict, { earlier }: RunHistory): string {
  const other = earlier.findIndex((run) => run.verdict !== verdict);
  const same = other < 0 ? earlier.length : other;
  const before = earlier[other];
  const ended = before === undefined ? '' : `, after ${WORDS[before.verdict]} run ${before.id}`;
  if (earlier.length === 0) return 'No earlier run can be compared with this one.';
  if (same === 0) {
    const last = earlier.filter((run) => run.verdict === earlier[0]?.verdict);
    const run = earlier.findIndex((one) => one.verdict !== earlier[0]?.verdict);
    const streak = run < 0 ? last.length : run;
    return `The first ${WORDS[verdict]} run after ${counted(streak, `${WORDS[earlier[0]?.verdict ?? 'pass']} run`)}.`;
  }
  const since = earlier[same - 1];
  return `${capital(WORDS[verdict])} since ${momentText(since?.startedAtMs ?? 0)}: ${counted(same + 1, 'run')} in a row${ended}.`;
}

/** The latest run before that passed. */
export function lastGreen({ earlier }: RunHistory): EarlierRun | undefined {
  return earlier.find(({ verdict }) => verdict === 'pass');
}

/** What a run was taken with that an earlier run was not. Undefined where one of both did not record it. */
export function changedSince({ identity }: Summary, before: EarlierRun): readonly ChangedPart[] | undefined {
  if (identity === undefined || before.takenWith.length === 0) return undefined;
  const [was, is] = [byPart(before.takenWith), byPart(identityRows(identity))];
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((part) => ({ part, before: was.get(part) ?? 'none', now: is.get(part) ?? 'none' }))
    .filter((one) => one.before !== one.now);
}

/** What could not be found out is not known to differ. */
function byPart(rows: EarlierRun['takenWith']): ReadonlyMap<string, string> {
  const parts = Map.groupBy(
    rows.filter(([part]) => !part.startsWith('unknown')),
    ([part]) => part,
  );
  return new Map(
    [...parts].map(([part, all]) => [
      part,
      all
        .map(([, what]) => what)
        .toSorted()
        .join('; '),
    ]),
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
