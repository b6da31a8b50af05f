import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import { andTarget } from '../same-target.ts';
import type { Subject } from '../subject.ts';
import { tolerated } from '../../promql/tolerant.ts';

/**
 * The values of a target that does not answer at the window's end are those of its last answer. A series that was not in each of
 * its last answers may have ended before: then its value must not count, and whether it did is not known.
 */
export function* changed(subject: Subject): Asking<Refusal | undefined> {
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
  const index = counts.findIndex((count) => count.length > 0);
  if (index === -1) return undefined;
  return {
    reason: 'target-down',
    detail: `${counts[index]?.[0]?.value} series of ${selectors[index]} appeared or ended shortly before their target stopped answering`,
  };
}
