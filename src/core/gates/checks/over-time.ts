import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { gaugeRanges } from '../../promql/over-time.ts';
import { coverageOf } from './coverage.ts';

/**
 * Values over a time, such as `max_over_time()`, leave out what happened while no sample was taken, and values that are no numbers.
 * A gap that is longer than a sample counts as present makes them unmeasured. One or two missed scrapes do not.
 */
export function* overTime(subject: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const { atMs, freshMs, gate } = subject;
  if (gate.source.kind !== 'query' && gate.source.kind !== 'ratio') return undefined;
  const ranges = [...new Set(subject.expressions.flatMap(({ promql }) => gaugeRanges(promql)))];
  if (ranges.length === 0) return undefined;
  const covered = yield* all(jobs.map((job) => coverageOf(subject, job)));
  const gap = covered.find(({ longestGapMs }) => longestGapMs > freshMs);
  if (gap !== undefined) {
    const howLong = Math.round(gap.longestGapMs / 100) / 10;
    return {
      reason: 'target-stale',
      detail: `target ${gap.gapTarget ?? '?'} was not seen up for ${howLong} s of the window, which ${ranges[0]} leaves out`,
    };
  }
  const counts = yield* all(
    ranges.map((range) => {
      const sum = `sum_over_time(${range})`;
      return instant(`count((${sum} != ${sum}) or (abs(${sum}) == Inf))`, atMs);
    }),
  );
  const index = counts.findIndex((count) => count.length > 0);
  if (index === -1) return undefined;
  return { reason: 'nan', detail: `values of ${ranges[index]} are no numbers` };
}
