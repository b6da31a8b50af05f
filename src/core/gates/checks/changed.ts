import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import { andTarget } from '../same-target.ts';
import type { Subject } from '../subject.ts';
import { labelsText } from '../labels-text.ts';
import { jobMatcher } from '../steady-targets.ts';
import { tolerated } from '../../promql/tolerant.ts';

/** A target that was up in the time before is not new. */
const BEFORE = '5m';

/**
 * The values of a target that does not answer at the window's end are those of its last answer. A series that was not in each of
 * its last answers may have ended before: then its value must not count, and whether it did is not known. The same holds where
 * another target of the same job has just appeared: it may have replaced this one, and its values would count beside the old ones.
 */
export function* changed(subject: Subject, jobs: readonly string[]): Asking<Refusal | undefined> {
  const { atMs, fresh, gate } = subject;
  if (gate.source.kind !== 'query' && gate.source.kind !== 'ratio') return undefined;
  const selectors = [...new Set(subject.expressions.flatMap(({ promql }) => tolerated(promql)))];
  const counts = yield* all(
    selectors.map((selector) => {
      const samples = `count_over_time(${selector}[${fresh}])`;
      const fewer = [
        `(${samples} < on (job, instance, cluster) group_left () sum_over_time(up[${fresh}]))`,
        `(${samples} < on (job, instance) group_left () sum_over_time(up{cluster=""}[${fresh}]))`,
      ].join(' or ');
      return instant(`count(${andTarget(`(${fewer})`, (matchers) => `(up{${matchers}} == 0)`)})`, atMs);
    }),
  );
  if (selectors.length === 0) return undefined;
  const up = `up{${jobMatcher(jobs)}}`;
  const appeared = `((max_over_time(${up}[${fresh}]) == 1) unless (max_over_time(${up}[${BEFORE}] offset ${fresh}) == 1))`;
  const [replaced] = yield* instant(
    `((${up} == 0) and (max_over_time(${up}[${fresh}]) == 1)) and on (job, cluster) ${appeared}`,
    atMs,
  );
  if (replaced !== undefined) {
    return {
      reason: 'target-down',
      detail: `target${labelsText(pick(replaced.labels))} stopped answering when another of its job appeared, which may have replaced it`,
    };
  }
  const index = counts.findIndex((count) => count.length > 0);
  if (index === -1) return undefined;
  return {
    reason: 'target-down',
    detail: `${counts[index]?.[0]?.value} series of ${selectors[index]} appeared or ended shortly before their target stopped answering`,
  };
}

function pick({ job = '', instance = '', cluster = '' }: Readonly<Record<string, string>>): Record<string, string> {
  return { job, instance, cluster };
}
