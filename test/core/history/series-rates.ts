import { trendOf } from '../../../src/core/history/trend/trend.ts';
import type { Wanted } from './series-patterns.ts';

/** Runs before the first that is judged. */
export const FIRST_JUDGED = 5;

/** A change of a series as a tool reports it: the run since which, the run that showed it, and whether it is one of a single run. */
export interface Reported {
  readonly since: number;
  readonly flaggedAt: number;
  readonly kind: 'step' | 'drift' | 'outlier';
}

/** What a tool does over many series of one kind. */
export interface Rates {
  /** Steps and drifts that are not there, and requests for another run without a cause, per 1,000 judged runs. */
  readonly wrong: number;
  readonly again: number;
  /** Shares of the changes that are there: found on their first run, never, as a drift. */
  readonly first: number;
  readonly missed: number;
  readonly asDrift: number;
  /** Runs from the change to the one that showed it. */
  readonly median: number;
}

const SHARES = [0.02, 0.05, 0.1, 0.15];
const base = { noise: 'normal', runs: 40, at: 20, size: 0 } as const;

/** The kinds of series of docs/trend.md. */
export const CASES: readonly Wanted[] = [
  ...SHARES.map((share) => ({ ...base, pattern: 'constant' as const, share })),
  ...(['uniform', 'heavy', 'skewed', 'remembering'] as const).map((noise) => ({
    ...base,
    pattern: 'constant' as const,
    noise,
    share: 0.1,
  })),
  { ...base, pattern: 'constant', share: 0.1, runs: 10 },
  { ...base, pattern: 'constant', share: 0.1, runs: 50 },
  { ...base, pattern: 'constant', share: 0.02, noisier: 4 },
  { ...base, pattern: 'outlier', share: 0.05, size: 0.5 },
  { ...base, pattern: 'bands', share: 0.02, size: 0.3 },
  { ...base, pattern: 'phase', share: 0.02, size: 0.1 },
  ...[5, 10, 20, 40].flatMap((at) =>
    SHARES.flatMap((share) =>
      [0.1, 0.2, 0.5, 1].map((size) => ({ ...base, pattern: 'step' as const, at, runs: at + 10, share, size })),
    ),
  ),
  { ...base, pattern: 'step', noise: 'uniform', share: 0.05, size: 0.2 },
  { ...base, pattern: 'step', noise: 'heavy', share: 0.05, size: 0.2 },
  { ...base, pattern: 'step', noise: 'remembering', share: 0.05, size: 0.2 },
  { ...base, pattern: 'fixed', share: 0.05, size: 0.3 },
  { ...base, pattern: 'several', share: 0.05, size: 0.3, at: 10 },
  { ...base, pattern: 'drift', share: 0.02, size: 0.2, at: 10 },
  { ...base, pattern: 'drift', share: 0.05, size: 0.4, at: 10 },
];

/** A kind of series in words. */
export function caseText({ pattern, noise, share, size, at, runs, noisier }: Wanted): string {
  const much = percent(size);
  const what = {
    constant: `no change, ${runs} runs`,
    step: `step of ${much} after ${at} runs`,
    outlier: `one outlier of ${much}`,
    fixed: `${much} and repaired after 8 runs`,
    several: `three changes of ${much}`,
    drift: `drift of ${much} over ${runs - at} runs`,
    bands: `bands of ${much}`,
    phase: `waves of ${much}`,
  }[pattern];
  const more = noisier === undefined ? '' : `, from run ${at} on ${noisier} times that`;
  return `${what}, ${noise} ${percent(share)}${more}`;
}

/** Rates of what was reported over series of a kind. */
export function ratesOf(wanted: Wanted, series: readonly (readonly Reported[])[]): Rates {
  const judged = series.length * (wanted.runs - FIRST_JUDGED);
  const all = series.flat();
  const wrong = all.filter((change) => change.kind !== 'outlier' && !isTrue(wanted, change)).length;
  const again = all.filter((change) => change.kind === 'outlier' && !isTrue(wanted, change)).length;
  const found = series.map((changes) =>
    changes.filter((change) => change.kind !== 'outlier' && isTrue(wanted, change)),
  );
  const delays = found.map((changes) => Math.min(...changes.map(({ flaggedAt }) => flaggedAt - wanted.at)));
  const share = (count: number): number => count / series.length;
  return {
    wrong: (1_000 * wrong) / judged,
    again: (1_000 * again) / judged,
    first: share(delays.filter((delay) => delay === 0).length),
    missed: share(delays.filter((delay) => delay === Infinity).length),
    median: delays.toSorted((a, b) => a - b)[delays.length >> 1] ?? Infinity,
    asDrift: share(found.filter((changes) => changes.some(({ kind }) => kind === 'drift')).length),
  };
}

/** What Belay reports of a series. */
export function reportedByBelay(values: readonly number[]): readonly Reported[] {
  return trendOf(values.map((value) => ({ value }))).changes;
}

/** Rates as the cells of a row: false, again; and of series with a change: on the first run, median delay, missed. */
export function cellsOf({ pattern }: Wanted, { wrong, again, first, missed, median }: Rates): readonly string[] {
  const found = CHANGED.includes(pattern)
    ? [percent(first), Number.isFinite(median) ? String(median) : '–', percent(missed)]
    : ['', '', ''];
  return [wrong.toFixed(1), again.toFixed(1), ...found];
}

/** A share in whole percent. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Patterns with a change that is to be found. */
const CHANGED: readonly Wanted['pattern'][] = ['step', 'fixed', 'several', 'drift'];

function isTrue({ pattern, at }: Wanted, { since, flaggedAt, kind }: Reported): boolean {
  if (kind === 'outlier') return pattern === 'outlier' && since === at;
  return CHANGED.includes(pattern) && flaggedAt >= at;
}
