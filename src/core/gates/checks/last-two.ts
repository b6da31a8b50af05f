import type { Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { lastTwoCalls } from '../../promql/changes.ts';

/** The gate looks at all of its window. `irate()` and `idelta()` look at the last two samples of their range, however long it is. */
export function* lastTwo({ gate, expressions }: Subject): Asking<Refusal | undefined> {
  yield* [];
  if (!isFree(gate) || gate.barKind === 'informational') return undefined;
  const [call] = expressions.flatMap(({ promql }) => lastTwoCalls(promql));
  if (call === undefined) return undefined;
  return {
    reason: 'query-error',
    detail: `${call} looks at the last two samples of its range, and at nothing before; use the kind delta, or rate() or delta()`,
  };
}
