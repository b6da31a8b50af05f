import type { Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { aggregandsOf } from '../../promql/aggregands.ts';
import { noNumbers } from './no-numbers.ts';

/** No aggregation of the gate hides a value that is no number: `max()` skips NaN, and the skipped part may be the broken one. */
export function* aggregates(subject: Subject): Asking<Refusal | undefined> {
  const { source } = subject.gate;
  // The growth of counters adds up, and a NaN in it shows.
  if (source.kind !== 'query' && source.kind !== 'ratio') return undefined;
  const parts = subject.expressions.flatMap(({ promql }) => aggregandsOf(promql));
  return yield* noNumbers(subject, parts, 'aggregated');
}
