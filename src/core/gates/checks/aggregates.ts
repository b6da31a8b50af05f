import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { aggregandsOf } from '../../promql/aggregands.ts';
import { tolerant } from '../../promql/tolerant.ts';

/** No aggregation of the gate hides a value that is no number: `max()` skips NaN, and the skipped part may be the broken one. */
export function* aggregates(subject: Subject): Asking<Refusal | undefined> {
  const { atMs, fresh, gate } = subject;
  // The growth of counters adds up, and a NaN in it shows.
  if (gate.source.kind !== 'query' && gate.source.kind !== 'ratio') return undefined;
  const parts = subject.expressions.flatMap(({ promql }) => aggregandsOf(promql));
  const counts = yield* all(
    parts.map((part) => {
      const inner = `(${tolerant(part, fresh)})`;
      return instant(`count((${inner} != ${inner}) or (abs(${inner}) == Inf))`, atMs);
    }),
  );
  const index = counts.findIndex((count) => count.length > 0);
  if (index === -1) return undefined;
  return {
    reason: 'nan',
    detail: `${counts[index]?.[0]?.value} of the values that are aggregated are no numbers: ${parts[index]}`,
  };
}
