import { nearest } from '../text/nearest.ts';
import type { StoredRun } from './stored-run.ts';

/** Runs chosen by what they are, e.g. `profile=dev-50,version=1.2`. */
interface RunSelector {
  readonly matches: (run: StoredRun) => boolean;
  /** At most so many of the newest. */
  readonly last: number;
  /** What the run must have anyway, for an index. */
  readonly profile?: string;
  /** Whether campaigns of comparisons are left out: they ran with what their side changes, unless the selector is about them. */
  readonly nightsOnly: boolean;
}

/** A selector, or what is wrong with its text. */
type ParsedSelector =
  { readonly ok: true; readonly selector: RunSelector } | { readonly ok: false; readonly error: string };

/** The keys of a selector. A run matches when its field is the value, or for a version and the code, when it contains the value. */
const FIELDS: Readonly<Record<string, (run: StoredRun, value: string) => boolean>> = {
  profile: (run, value) => run.profile === value,
  substrate: (run, value) => run.substrate === value,
  system: (run, value) => run.system === value,
  version: (run, value) => run.systemVersion.includes(value),
  code: (run, value) => run.code.includes(value),
  verdict: (run, value) => run.verdict === value,
  climb: (run, value) => run.climb?.workflowId === value,
  rung: (run, value) => run.climb?.rung === value,
  comparison: (run, value) => run.comparison?.workflowId === value,
  side: (run, value) => run.comparison?.side === value,
};

/** Keys with few values. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  verdict: ['pass', 'fail', 'unmeasured'],
  side: ['baseline', 'branch'],
};

/** Keys that say which runs are meant, campaigns of comparisons among them. */
const OF_COMPARISONS: readonly string[] = ['comparison', 'side', 'id'];

/** What a selector may have, for messages and help. */
export const SELECTOR_KEYS: readonly string[] = [...Object.keys(FIELDS), 'id', 'last'];

/** Whether a text is a selector and not the name of a run. */
export function isSelector(text: string): boolean {
  return text.includes('=');
}

/** Reads a selector: `key=value` several times, separated by commas. All of them must match. `id=x*` is a beginning. */
export function parseSelector(text: string): ParsedSelector {
  const tests: ((run: StoredRun) => boolean)[] = [];
  let last = Infinity;
  let profile: string | undefined;
  let nightsOnly = true;
  for (const part of text.split(',')) {
    const [key = '', ...rest] = part.split('=');
    const value = rest.join('=').trim();
    const field = Object.hasOwn(FIELDS, key.trim()) ? FIELDS[key.trim()] : undefined;
    if (OF_COMPARISONS.includes(key.trim())) nightsOnly = false;
    if (key.trim() === 'profile') profile = value;
    if (value === '') return failed(`found "${part}"; allowed: key=value, separated by commas`);
    const allowed = Object.hasOwn(VALUES, key.trim()) ? VALUES[key.trim()] : undefined;
    if (allowed?.includes(value) === false)
      return failed(`${key.trim()}: found "${value}"; allowed: ${allowed.join(', ')}`);
    if (field !== undefined) tests.push((run) => field(run, value));
    else if (key === 'id')
      tests.push((run) => (value.endsWith('*') ? run.id.startsWith(value.slice(0, -1)) : run.id === value));
    else if (key === 'last') {
      if (!/^[1-9]\d*$/.test(value)) return failed(`last: found "${value}"; allowed: a whole number from 1`);
      last = Number(value);
    } else {
      const meant = nearest(key, SELECTOR_KEYS);
      return failed(
        `found key "${key}"${meant === undefined ? '' : `; did you mean ${meant}?`}; allowed: ${SELECTOR_KEYS.join(', ')}`,
      );
    }
  }
  const matches = (run: StoredRun): boolean =>
    !(nightsOnly && run.comparison !== undefined) && tests.every((test) => test(run));
  return { ok: true, selector: { matches, last, nightsOnly, ...(profile === undefined ? {} : { profile }) } };
}

/** The runs that a selector chooses. @param runs newest first; no more of them are read than it takes */
export function selectRuns({ matches, last }: RunSelector, runs: Iterable<StoredRun>): readonly StoredRun[] {
  const found: StoredRun[] = [];
  for (const run of runs) {
    if (matches(run)) found.push(run);
    if (found.length >= last) break;
  }
  return found;
}

function failed(error: string): ParsedSelector {
  return { ok: false, error };
}
