import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { rangesOfTwo } from '../../promql/changes.ts';
import { endOf } from '../../promql/ranged.ts';

/** A change needs two samples. A series that has one is in no maximum of `deriv()` or `delta()`. */
export function* twoSamples({ gate, expressions, atMs, fresh }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate)) return undefined;
  const ranges = expressions.flatMap(({ promql }) => rangesOfTwo(promql));
  const counts = yield* all(
    ranges.map((one) => {
      const { range, selector } = one;
      // A series that has ended is not left out: it has no change any more.
      return instant(
        `count((count_over_time(${range}) < 2) and count_over_time(${selector}[${fresh}]))`,
        endOf(one, atMs) ?? atMs,
      );
    }),
  );
  const index = counts.findIndex((count) => count.length > 0);
  if (index === -1) return undefined;
  return {
    reason: 'too-few-samples',
    detail: `${counts[index]?.[0]?.value} series of ${ranges[index]?.range} have one sample, so the value leaves them out`,
  };
}
