import { instant, type Asking } from '../asking.ts';
import { labelsText } from '../labels-text.ts';
import { BELAY_JOB } from '../model.ts';
import type { Refusal } from '../refusal.ts';
import { jobMatcher } from '../steady-targets.ts';
import type { Subject } from '../subject.ts';
import { promDuration } from '../../promql/placeholders.ts';

/** How far back the shown start of one process may move, s: it is calculated from the clock of its host, which is corrected now and then. */
const CLOCK_CORRECTION_S = 5;

/**
 * Every target is one process. Behind the address of a load balancer each scrape may reach another one, with counters of its own:
 * their differences are no growth. A restart only ever shows a later start, so a start that moves back is another process.
 */
export function* oneProcess({ atMs, window, freshMs }: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const matchers = [jobMatcher(jobs), `job!="${BELAY_JOB}"`].filter((one) => one !== '').join(',');
  const starts = `process_start_time_seconds{${matchers}}[${promDuration(atMs - window.startMs + freshMs)}]`;
  const apart = `(max_over_time(${starts}) - min_over_time(${starts})) > ${CLOCK_CORRECTION_S}`;
  const [several] = yield* instant(`(${apart}) and (resets(${starts}) > 0)`, atMs);
  if (several === undefined) return undefined;
  const { job = '', instance = '', cluster = '' } = several.labels;
  return {
    reason: 'several-processes',
    detail: `target${labelsText({ job, instance, cluster })} is several processes behind one address: the start of the process moved back and forth by ${Math.round(several.value)} s`,
  };
}
