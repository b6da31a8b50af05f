import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { gaugeRanges } from '../../promql/over-time.ts';
import { endOf, type Ranged } from '../../promql/ranged.ts';
import { coverageOf } from './coverage.ts';

/**
 * Values over a time, such as `max_over_time()`, leave out what happened while no sample was taken, and values that are no numbers.
 * A gap that is longer than a sample counts as present makes them unmeasured. One or two missed scrapes do not.
 */
export function* overTime(subject: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const { atMs, freshMs, gate } = subject;
  if (gate.source.kind !== 'query' && gate.source.kind !== 'ratio') return undefined;
  const ranges = subject.expressions.flatMap(({ promql }) => gaugeRanges(promql));
  const [first] = ranges;
  if (first === undefined) return undefined;
  const covered = yield* all(jobs.map((job) => coverageOf(subject, job)));
  const gap = covered.find(({ longestGapMs }) => longestGapMs > freshMs);
  if (gap !== undefined) {
    const howLong = Math.round(gap.longestGapMs / 100) / 10;
    return {
      reason: 'target-stale',
      detail: `target ${gap.gapTarget ?? '?'} was not seen up for ${howLong} s of the window, which ${first.range} leaves out`,
    };
  }
  // A gate with `absentIs` says that its series come and go.
  const withGaps = gate.absentIs !== undefined ? [] : yield* all(ranges.map((range) => seriesWithGaps(subject, range)));
  const broken = withGaps.findIndex((found) => found > 0);
  if (broken !== -1) {
    return {
      reason: 'empty',
      detail: `${withGaps[broken]} series of ${ranges[broken]?.range} were not served for more than ${freshMs / 1_000} s of it, though their targets answered`,
    };
  }
  const counts = yield* all(
    ranges.map((one) => {
      const sum = `sum_over_time(${one.range})`;
      return instant(`count((${sum} != ${sum}) or (abs(${sum}) == Inf))`, endOf(one, atMs) ?? atMs);
    }),
  );
  const index = counts.findIndex((count) => count.length > 0);
  if (index === -1) return undefined;
  return { reason: 'nan', detail: `values of ${ranges[index]?.range} are no numbers` };
}

/** Series that were there when a range began and are there now, and were missing for longer than a sample counts, while their target answered. */
function* seriesWithGaps({ atMs, fresh, freshMs, scrapeIntervalMs }: Subject, ranged: Ranged): Asking<number> {
  const { range, selector, duration } = ranged;
  const missed = Math.ceil(freshMs / scrapeIntervalMs);
  const samples = `count_over_time(${range})`;
  const fewer = (up: string, on: string): string =>
    `(${samples} < on (${on}) group_left () (sum_over_time(${up}[${duration}]) - ${missed}))`;
  const present = `(last_over_time(${selector}[${fresh}]) and last_over_time(${selector}[${fresh}] offset ${duration}))`;
  const found = `${fewer('up', 'job, instance, cluster')} or ${fewer('up{cluster=""}', 'job, instance')}`;
  return (yield* instant(`count((${found}) and ${present})`, endOf(ranged, atMs) ?? atMs))[0]?.value ?? 0;
}
