import type { Sample } from './answers.ts';
import { all, instant, type Asking } from './asking.ts';
import { labelsText } from './labels-text.ts';
import { BELAY_JOB } from './model.ts';
import { hasTarget, targetKey } from './same-target.ts';
import type { Subject } from './subject.ts';
import type { TimeSpan } from './window.ts';
import { promDuration } from '../promql/placeholders.ts';
import { regexLiteral } from '../promql/regex-literal.ts';

const TARGET_LABELS = ['job', 'instance', 'cluster'] as const;
const ON_TARGET = `on (${TARGET_LABELS.join(', ')})`;

/**
 * How much earlier than the truth a process may show its start, ms. Client libraries cut or round the start of a process to seconds,
 * so two processes that start within a second show the same start.
 */
export const START_ROUNDING_MS = 1_000;

/** Which targets of some jobs have counters whose growth over a time is known exactly, and why the others have not. */
export interface Steadiness {
  /** PromQL with a series for each steady target, with more matchers for each of its selectors. */
  readonly steady: (matchers: string) => string;
  /** Why a counter may have counted more than its samples show, one sentence. Undefined: every target is steady. */
  readonly why: string | undefined;
  /** Whether the target of a series was up just before the time began: a series that it did not show then began from 0. */
  readonly wasWatched: (labels: Readonly<Record<string, string>>) => boolean;
}

/**
 * A target is steady over a time if it was up just before the time began and just before its end, and the same process served it.
 * What a process counted after its last sample is lost when it ends, and a new process may outgrow the old one between two scrapes,
 * so that its counters show no reset. Only the start of the process shows this. Belay's own worker restores its counters.
 *
 * @throws Unanswered
 */
export function* steadiness(subject: Subject, jobs: readonly string[], span: TimeSpan): Asking<Steadiness> {
  const { atMs, fresh, freshMs } = subject;
  const range = promDuration(span.endMs - span.startMs);
  const end = moved(atMs - span.endMs);
  const start = moved(atMs - span.startMs);
  const longer = promDuration(span.endMs - span.startMs + freshMs);
  const ofJobs = jobMatcher(jobs);
  const notOwn = joined(ofJobs, `job!="${BELAY_JOB}"`);
  const targets = (matchers: string): string => `last_over_time(up{${matchers}}[${longer}]${end})`;
  const begun = (matchers: string): string => `(max_over_time(up{${matchers}}[${fresh}]${start}) == 1)`;
  const ended = (matchers: string): string => `(max_over_time(up{${matchers}}[${fresh}]${end}) == 1)`;
  const started = (matchers: string): string =>
    `process_start_time_seconds{${joined(notOwn, matchers)}}[${longer}]${end}`;
  const latestS = (span.startMs - freshMs - START_ROUNDING_MS) / 1_000;
  const same = (matchers: string): string =>
    `((max_over_time(${started(matchers)}) == min_over_time(${started(matchers)})) < ${latestS})`;
  const steady = (more: string): string => {
    const matchers = joined(ofJobs, more);
    const own = `last_over_time(up{${joined(`job="${BELAY_JOB}"`, more)}}[${longer}]${end})`;
    return `(${begun(matchers)} and ${ON_TARGET} ${ended(matchers)} and ${ON_TARGET} (${same(more)} or ${own}))`;
  };
  const [late, gone, changed, hidden] = yield* all([
    instant(`${targets(ofJobs)} unless ${ON_TARGET} ${begun(ofJobs)}`, atMs),
    instant(`${targets(ofJobs)} unless ${ON_TARGET} ${ended(ofJobs)}`, atMs),
    instant(`last_over_time(${started('')}) unless ${ON_TARGET} ${same('')}`, atMs),
    instant(`${targets(notOwn)} unless ${ON_TARGET} last_over_time(${started('')})`, atMs),
  ]);
  const why =
    sentence(changed, `started within ${range} and some seconds before`) ??
    sentence(late, 'was not up when the window began') ??
    sentence(gone, 'was not up when the window ended') ??
    sentence(hidden, 'does not serve process_start_time_seconds, so a restart may have gone unseen');
  const unwatched = new Set((late ?? []).map(({ labels }) => targetKey(labels)));
  return { steady, why, wasWatched: (labels) => !hasTarget(unwatched, labels) };
}

/** The matcher of some jobs, to be put into a selector; empty where none is known. */
export function jobMatcher(jobs: readonly string[]): string {
  return jobs.length === 0 ? '' : `job=~${JSON.stringify(jobs.map(regexLiteral).join('|'))}`;
}

function sentence(targets: readonly Sample[] | undefined, what: string): string | undefined {
  const [first] = targets ?? [];
  if (first === undefined) return undefined;
  const named = Object.fromEntries(TARGET_LABELS.map((name) => [name, first.labels[name] ?? '']));
  return `a target${labelsText(named)} ${what}`;
}

function joined(...matchers: readonly string[]): string {
  return matchers.filter((one) => one !== '').join(',');
}

function moved(ms: number): string {
  return ms <= 0 ? '' : ` offset ${promDuration(ms)}`;
}
