import { all, instant, type Asking } from '../asking.ts';
import { EARLIER_MS } from '../earlier.ts';
import { labelsText } from '../labels-text.ts';
import { BELAY_JOB } from '../model.ts';
import type { Refusal } from '../refusal.ts';
import { jobMatcher } from '../steady-targets.ts';
import type { Subject } from '../subject.ts';
import { promDuration } from '../../promql/placeholders.ts';

const ON_TARGET = 'on (job, instance, cluster)';

/** What Prometheus notes of each scrape: the samples of the page, and those that its rules for metrics left of them. */
const COUNTS = ['scrape_samples_scraped', 'scrape_samples_post_metric_relabeling'];

/**
 * No target answers with a page that has nothing on it, or no longer says when its process started. What such a target does not serve is
 * no 0, whatever `absentIs` or `or` make of it.
 */
export function* pages({ window, atMs, fresh }: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const longer = promDuration(atMs - window.startMs + EARLIER_MS);
  const matchers = [jobMatcher(jobs), `job!="${BELAY_JOB}"`].filter((one) => one !== '').join(',');
  const answers = `(min_over_time(up{${matchers}}[${fresh}]) == 1)`;
  const start = `process_start_time_seconds{${matchers}}`;
  const found = yield* all([
    ...COUNTS.map((name) => {
      const samples = `${name}{${matchers}}`;
      const empty = `(max_over_time(${samples}[${fresh}]) == 0)`;
      return instant(`(${empty} and (max_over_time(${samples}[${longer}]) > 0)) and ${ON_TARGET} ${answers}`, atMs);
    }),
    instant(
      // Other labels of a target may change with its process, as the name of a Pod does.
      `(last_over_time(${start}[${longer}]) unless ${ON_TARGET} last_over_time(${start}[${fresh}])) and ${ON_TARGET} ${answers}`,
      atMs,
    ),
  ]);
  const [target] = found.flat();
  if (target === undefined) return undefined;
  const { job = '', instance = '', cluster = '' } = target.labels;
  return {
    reason: 'no-series',
    detail: `target${labelsText({ job, instance, cluster })} answers with a page on which nothing is left of what it served before`,
  };
}
