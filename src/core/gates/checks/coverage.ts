import { all, range, raw, type Asking } from '../asking.ts';
import { endLimitMs, freshMs, jobCoverage, type Coverage } from '../coverage.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { promDuration } from '../../promql/placeholders.ts';

/** Points that the `up` series of a job are cut into at most, so that a long soak with many targets stays cheap. */
const MAX_POINTS = 5_000;
/** Steps of a window at least, however many targets there are. */
const MIN_STEPS = 200;

const REASONS = { down: 'target-down', stale: 'target-stale', absent: 'no-series' } as const;

/** Every target of the gate's jobs was there and was up through the window, until its end. */
export function* coverage(subject: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const covered = yield* all(jobs.map((job) => coverageOf(subject, job)));
  for (const { state, detail } of covered) if (state !== 'covered') return { reason: REASONS[state], detail };
  return undefined;
}

/** How well a job was scraped in the window. @throws Unanswered */
export function* coverageOf({ window, scrapeIntervalMs, expected }: Subject, job: string): Asking<Coverage> {
  const lengthMs = window.endMs - window.startMs;
  const wanted = expected[job];
  const steps = Math.max(MIN_STEPS, Math.floor(MAX_POINTS / Math.max(1, wanted?.count ?? 1)));
  const stepMs = Math.max(scrapeIntervalMs, Math.ceil(lengthMs / steps));
  // The last step is the window's end.
  const startMs = window.endMs - Math.floor(lengthMs / stepMs) * stepMs;
  const selector = `up{job=${JSON.stringify(job)}}`;
  const [up, tail] = yield* all([
    range(`last_over_time(${selector}[${promDuration(freshMs(scrapeIntervalMs))}])`, {
      startMs,
      endMs: window.endMs,
      stepMs,
    }),
    raw(`${selector}[${promDuration(endLimitMs(scrapeIntervalMs))}]`, window.endMs),
  ]);
  return jobCoverage({
    job,
    up: up ?? [],
    tail: tail ?? [],
    window,
    stepMs,
    scrapeIntervalMs,
    ...(wanted === undefined ? {} : { expected: wanted }),
  });
}
