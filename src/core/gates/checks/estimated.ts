import type { Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { estimates } from '../../promql/estimates.ts';

/** No value of the gate is an estimate without bounds. A share of events below 1.5 s is not known from buckets of 1 s and 2 s. */
export function* estimated({ gate, expressions }: Subject): Asking<Refusal | undefined> {
  yield* [];
  if (!isFree(gate) || gate.barKind === 'informational') return undefined;
  const [call] = expressions.flatMap(({ promql }) => estimates(promql));
  if (call === undefined) return undefined;
  return {
    reason: 'query-error',
    detail: `how exact ${call} is cannot be known, because it places events within buckets; use the kind quantile, or the kind share of a bucket`,
  };
}
