import type { PointSeries, Sample } from './answers.ts';
import { all, instant, raw, type Asking } from './asking.ts';
import { labelsText } from './labels-text.ts';
import { BELAY_JOB } from './model.ts';
import { groupKey } from './quantile.ts';
import type { Refusal } from './refusal.ts';
import { andTarget, hasTarget, targetKey } from './same-target.ts';
import type { Subject } from './subject.ts';
import { promDuration } from '../promql/placeholders.ts';

/** Series whose restarts are looked into one by one. */
const MAX_RESTARTED_SERIES = 20;
/** Process start times are given in whole jiffies at best. Half a second covers their rounding. */
const START_ROUNDING_MS = 500;

/** How much counters grew. */
export interface Growth {
  /** The labels that were asked for. */
  readonly labels: Readonly<Record<string, string>>;
  readonly low: number;
  /** Infinity where a counter was reset: what it counted between its last sample and its end is not known. */
  readonly high: number;
}

/**
 * How much the counters of a selector grew from the window's start to the moment of the reading, summed by labels, without
 * extrapolation. This is the only way in which growth is measured.
 *
 * - A series born in the window starts from 0 if its target was watched before, or its process started in the window. Otherwise
 *   its birth is not known, and nothing is claimed.
 * - The value at the start is the last one within the time in which a sample counts as present, so a missed scrape changes nothing.
 * - A series that ended in the window counts with its last value, and makes the growth a lower bound.
 * - A reset, or a restart of the process that its counters outgrew between two scrapes, makes the growth a lower bound: what was
 *   counted after the last sample of the old process is lost. The restored counters of Belay's own worker lose nothing.
 */
export function* counterGrowth(
  subject: Subject,
  selector: string,
  by: readonly string[],
): Asking<readonly Growth[] | Refusal> {
  const { atMs, range, fresh, freshMs, window } = subject;
  const ended = `last_over_time(${selector}[${range}])`;
  const begun = `last_over_time(${selector}[${fresh}] offset ${range})`;
  const watched = (matchers: string): string => `(max_over_time(up{${matchers}}[${fresh}] offset ${range}) == 1)`;
  const startedS = (window.startMs - START_ROUNDING_MS) / 1_000;
  const restarted = (matchers: string): string =>
    `((last_over_time(process_start_time_seconds{${[`job!="${BELAY_JOB}"`, ...(matchers === '' ? [] : [matchers])].join(',')}}[${range}]) > ${startedS}) and on (job, instance, cluster) ${watched(matchers)})`;
  const longer = promDuration(atMs - window.startMs + freshMs);
  const [atStart, atEnd, births, vanished, doubtful] = yield* all([
    instant(`sum by (${by.join(', ')}) (${begun} and ${ended})`, atMs),
    instant(`sum by (${by.join(', ')}) (${ended})`, atMs),
    instant(`count by (job, instance, cluster) (${ended} unless ${begun})`, atMs),
    instant(`group by (${by.join(', ')}) (${ended} unless last_over_time(${selector}[${fresh}]))`, atMs),
    instant(`${ended} and ((resets(${selector}[${longer}]) > 0) or ${andTarget(ended, restarted)})`, atMs),
  ]);
  const unknown = yield* unknownBirth(subject, births ?? [], watched(''));
  if (unknown !== undefined) return unknown;
  if ((doubtful ?? []).length > MAX_RESTARTED_SERIES) {
    return {
      reason: 'counter-reset',
      detail: `${doubtful?.length ?? 0} series of ${selector} were reset in the window`,
    };
  }
  const corrections = yield* all((doubtful ?? []).map((series) => correction(subject, series, startedS)));
  const sums = new Map<string, { labels: Readonly<Record<string, string>>; low: number; high: number }>();
  for (const { labels, value } of atEnd ?? []) sums.set(groupKey(labels, []), { labels, low: value, high: value });
  for (const { labels, value } of atStart ?? []) {
    const sum = sums.get(groupKey(labels, []));
    if (sum === undefined) continue;
    sum.low -= value;
    sum.high -= value;
  }
  for (const { labels } of vanished ?? []) {
    const sum = sums.get(groupKey(labels, []));
    if (sum !== undefined) sum.high = Infinity;
  }
  for (const [index, more] of corrections.entries()) {
    const labels = doubtful?.[index]?.labels ?? {};
    const sum = sums.get(groupKey(pick(labels, by), []));
    if (sum === undefined) continue;
    sum.low += more;
    sum.high = Infinity;
  }
  const wrong = [...sums.values()].find(({ low }) => !Number.isFinite(low));
  if (wrong !== undefined) return { reason: 'nan', detail: `${selector} has values that are no numbers` };
  return [...sums.values()];
}

/** Why the birth of a series is not known; undefined when all are. */
function* unknownBirth(
  { atMs, window, range }: Subject,
  births: readonly Sample[],
  watched: string,
): Asking<Refusal | undefined> {
  if (births.length === 0) return undefined;
  const [ups, starts] = yield* all([
    instant(`count by (job, instance, cluster) (${watched})`, atMs),
    instant(`max by (job, instance, cluster) (last_over_time(process_start_time_seconds[${range}]))`, atMs),
  ]);
  const known = new Set([
    ...(ups ?? []).map(({ labels }) => targetKey(labels)),
    ...(starts ?? [])
      .filter(({ value }) => value * 1_000 >= window.startMs - START_ROUNDING_MS)
      .map(({ labels }) => targetKey(labels)),
  ]);
  const birth = births.find(({ labels }) => !hasTarget(known, labels));
  if (birth === undefined) return undefined;
  const { labels, value } = birth;
  return {
    reason: 'counter-reset',
    detail: `${value} series of the target${labelsText(labels)} have no value at the window's start and no known birth in it`,
  };
}

/** What a restarted series grew at least, beyond the difference of its two ends. */
function* correction({ atMs, window, freshMs }: Subject, { labels }: Sample, startedS: number): Asking<number> {
  const span = promDuration(atMs - window.startMs + freshMs);
  const [points, starts] = yield* all([
    raw(`${exactSelector(labels)}[${span}]`, atMs),
    raw(
      `${exactSelector({ __name__: 'process_start_time_seconds', ...pick(labels, ['job', 'instance']) })}[${span}]`,
      atMs,
    ),
  ]);
  const startsMs = (starts ?? [])
    .filter((start) => hasTarget(new Set([targetKey(start.labels)]), labels))
    .flatMap((series) => series.points.map(([, value]) => value * 1_000))
    .filter((ms) => ms >= startedS * 1_000);
  return lowerBound(points ?? [], window.startMs, [...new Set(startsMs)]);
}

function lowerBound(series: readonly PointSeries[], startMs: number, startsMs: readonly number[]): number {
  const points = series.flatMap((one) => one.points).sort(([a], [b]) => a - b);
  const before = points.findLast(([atMs]) => atMs <= startMs);
  const inside = points.filter(([atMs]) => atMs > startMs);
  let [previousMs, previous] = before ?? [startMs, 0];
  const first = previous;
  let total = 0;
  for (const [atMs, value] of inside) {
    const restarted = startsMs.some((ms) => previousMs < ms && ms <= atMs + START_ROUNDING_MS) && atMs > previousMs;
    total += value < previous || (restarted && before !== undefined) ? value : value - previous;
    [previousMs, previous] = [atMs, value];
  }
  return total - (previous - first);
}

/** A selector of exactly one series, made of its labels. */
function exactSelector(labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${matchers.join(',')}}`;
}

function pick(labels: Readonly<Record<string, string>>, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])),
  ) as Readonly<Record<string, string>>;
}
