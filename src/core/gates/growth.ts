import { labelMatcher } from '../promql/label-matcher.ts';
import type { PointSeries, Sample } from './answers.ts';
import { all, instant, raw, type Asking } from './asking.ts';
import { BELAY_JOB } from './model.ts';
import { groupKey } from './quantile.ts';
import type { Refusal } from './refusal.ts';
import { hasTarget, targetKey, unlessTarget } from './same-target.ts';
import { START_ROUNDING_MS, steadiness, type Steadiness } from './steady-targets.ts';
import type { Subject } from './subject.ts';
import { promDuration } from '../promql/placeholders.ts';

/** Series that are looked into one by one. */
const MAX_DOUBTFUL_SERIES = 20;

/** What growth is measured of. */
interface GrowthRules {
  /** The sum of a histogram falls with each negative event. Only the counts of the same histogram show then that it was reset. */
  readonly mayFall?: boolean;
}

interface CorrectionRules extends Required<GrowthRules> {
  /** When the process of each sample started, seconds since 1970. */
  readonly startAt: ReadonlyMap<number, number>;
  readonly wasWatched: boolean;
}

/** How much counters grew. */
export interface Growth {
  /** The labels that were asked for. */
  readonly labels: Readonly<Record<string, string>>;
  readonly low: number;
  /** Infinity where a counter may have counted more than its samples show. */
  readonly high: number;
  /** Why it may have, one sentence. */
  readonly because?: string;
}

/**
 * How much the counters of a selector grew from the window's start to the moment of the reading, summed by labels, without
 * extrapolation. This is the only way in which growth is measured.
 *
 * - The value at the start is the last one within the time in which a sample counts as present, so a missed scrape changes nothing.
 * - A series born in the window starts from 0 if its target was up before, or its process certainly started in the window.
 *   Otherwise it counts from its first value, which is a lower bound.
 * - Growth is exact where all targets of the jobs are steady (see `steadiness`), and no series ended or was reset. Otherwise it is
 *   a lower bound: a process may have ended, and its last events with it, even if no series shows it.
 */
export function* counterGrowth(
  subject: Subject,
  jobs: readonly string[],
  selector: string,
  by: readonly string[],
  { mayFall = false }: GrowthRules = {},
): Asking<readonly Growth[] | Refusal> {
  const { atMs, range, fresh, freshMs, window } = subject;
  const targets = yield* steadiness(subject, jobs, { startMs: window.startMs, endMs: atMs });
  const ended = `last_over_time(${selector}[${range}])`;
  const begun = `last_over_time(${selector}[${fresh}] offset ${range})`;
  const longer = promDuration(atMs - window.startMs + freshMs);
  const groups = by.join(', ');
  const falls = mayFall ? [] : [`(${ended} and (resets(${selector}[${longer}]) > 0))`];
  const [atStart, atEnd, vanished, doubtful] = yield* all([
    instant(`sum by (${groups}) (${begun} and ${ended})`, atMs),
    instant(`sum by (${groups}) (${ended})`, atMs),
    instant(`group by (${groups}) ((${ended} or ${begun}) unless last_over_time(${selector}[${fresh}]))`, atMs),
    instant([...falls, unlessTarget(ended, targets.steady)].join(' or '), atMs),
  ]);
  if ((doubtful ?? []).length > MAX_DOUBTFUL_SERIES) {
    const detail = `${doubtful?.length ?? 0} series of ${selector} were reset, or ${targets.why ?? 'ended'}`;
    return { reason: 'counter-reset', detail };
  }
  const corrections = yield* all((doubtful ?? []).map((series) => correction(subject, series, targets, mayFall)));
  const sums = new Map<
    string,
    { labels: Readonly<Record<string, string>>; low: number; high: number; because?: string }
  >();
  const sumOf = (labels: Readonly<Record<string, string>>): { low: number; high: number; because?: string } => {
    const key = groupKey(labels, []);
    const sum = sums.get(key) ?? { labels, low: 0, high: 0 };
    sums.set(key, sum);
    return sum;
  };
  for (const { labels, value } of atEnd ?? []) sumOf(labels).low += value;
  for (const { labels, value } of atStart ?? []) sumOf(labels).low -= value;
  const imprecise = (atEnd ?? [])
    .map(({ labels, value }) => ({ labels, by: spacing(value) }))
    .filter(({ by: ulp }) => ulp > 1);
  for (const [index, more] of corrections.entries()) sumOf(pick(doubtful?.[index]?.labels ?? {}, by)).low += more;
  for (const sum of sums.values()) sum.high = sum.low;
  for (const { labels, by: ulp } of imprecise) {
    const sum = sumOf(labels);
    sum.low -= ulp;
    sum.high += ulp;
    sum.because = `${selector} is so large that its steps are lost in rounding`;
  }
  const unbounded = (labels: Readonly<Record<string, string>>, because: string): void => {
    const sum = sumOf(labels);
    sum.high = Infinity;
    sum.because ??= because;
  };
  if (targets.why !== undefined) {
    if (by.length === 0) sumOf({});
    for (const { labels } of sums.values()) unbounded(labels, targets.why);
  }
  for (const { labels } of vanished ?? []) unbounded(labels, `a series of ${selector} ended in the window`);
  for (const { labels } of doubtful ?? []) unbounded(pick(labels, by), `a series of ${selector} was reset`);
  const wrong = [...sums.values()].find(({ low }) => !Number.isFinite(low));
  if (wrong !== undefined) return { reason: 'nan', detail: `${selector} has values that are no numbers` };
  return [...sums.values()];
}

/** How far apart the numbers about a value are that can be stored: above 2^53 a counter cannot count by one. */
function spacing(value: number): number {
  return 2 ** (Math.floor(Math.log2(Math.abs(value))) - 52);
}

/** What a doubtful series grew at least, beyond the difference of its two ends. */
function* correction(
  { atMs, window, freshMs }: Subject,
  { labels }: Sample,
  { wasWatched }: Steadiness,
  mayFall: boolean,
): Asking<number> {
  const span = promDuration(atMs - window.startMs + freshMs);
  const target = { __name__: 'process_start_time_seconds', ...pick(labels, ['job', 'instance']) };
  const [points, starts] = yield* all([
    raw(`${exactSelector(labels)}[${span}]`, atMs),
    raw(`${exactSelector(target)}[${span}]`, atMs),
  ]);
  const restores = labels['job'] === BELAY_JOB;
  const startAt = new Map(
    restores
      ? []
      : (starts ?? [])
          .filter((start) => hasTarget(new Set([targetKey(start.labels)]), labels))
          .flatMap(({ points: own }) => own),
  );
  return lowerBound(points ?? [], window.startMs, { startAt, mayFall, wasWatched: wasWatched(labels) });
}

/** The least that one series can have grown, less the difference of its ends. */
function lowerBound(
  series: readonly PointSeries[],
  startMs: number,
  { startAt, mayFall, wasWatched }: CorrectionRules,
): number {
  const points = series.flatMap((one) => one.points).sort(([a], [b]) => a - b);
  const before = points.findLast(([atMs]) => atMs <= startMs);
  const inside = points.filter(([atMs]) => atMs > startMs);
  const [firstMs, first] = inside[0] ?? [startMs, 0];
  const bornInWindow = wasWatched || (startAt.get(firstMs) ?? 0) * 1_000 >= startMs + START_ROUNDING_MS / 2;
  let [previousMs, previous] = before ?? [startMs, bornInWindow ? 0 : first];
  let grown = 0;
  for (const [atMs, value] of inside) {
    const [start, earlier] = [startAt.get(atMs), startAt.get(previousMs)];
    const restarted = start !== undefined && earlier !== undefined && start !== earlier;
    grown += (value < previous && !mayFall) || restarted ? value : value - previous;
    [previousMs, previous] = [atMs, value];
  }
  return grown - (previous - (before?.[1] ?? 0));
}

/** A selector of exactly one series, made of its labels. */
function exactSelector(labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([name, value]) => labelMatcher(name, value));
  return `{${matchers.join(',')}}`;
}

function pick(labels: Readonly<Record<string, string>>, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])),
  ) as Readonly<Record<string, string>>;
}
