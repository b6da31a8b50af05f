import { all, range } from '../asking.ts';
import { jobCoverage } from '../coverage.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import type { Asking } from '../asking.ts';
import { promDuration } from '../../promql/placeholders.ts';

/** Age up to which a sample counts as this step's, in scrape intervals; larger steps would hide gaps. */
const STEP_FRESH_INTERVALS = 2.5;
/** Points a target's `up` series is cut into at most, so that a long soak with many targets stays cheap. */
const MAX_STEPS = 200;

const REASONS = { down: 'target-down', stale: 'target-stale', absent: 'no-series' } as const;

/** The targets of the gate's jobs were up through the window. */
export function* coverage(subject: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const covered = yield* all(jobs.map((job) => coverageOf(subject, job)));
  for (const { state, detail } of covered) if (state !== 'covered') return { reason: REASONS[state], detail };
  return undefined;
}

/** How well a job was scraped in the window. @throws Unanswered */
export function* coverageOf(
  { window, scrapeIntervalMs }: Subject,
  job: string,
): Asking<ReturnType<typeof jobCoverage>> {
  const stepMs = Math.max(scrapeIntervalMs, Math.ceil((window.endMs - window.startMs) / MAX_STEPS));
  const fresh = promDuration(STEP_FRESH_INTERVALS * scrapeIntervalMs);
  const up = yield* range(`last_over_time(up{job=${JSON.stringify(job)}}[${fresh}])`, { ...window, stepMs });
  return jobCoverage(job, up, window, stepMs, scrapeIntervalMs);
}
