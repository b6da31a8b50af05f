import { quantityText } from '../../text/number.ts';
import { all, type Asking } from '../asking.ts';
import { distanceFrom, misses } from '../beyond-bar.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import { singleValue } from '../single-value.ts';
import type { Subject } from '../subject.ts';
import { withoutThresholds } from '../../promql/thresholds.ts';

/**
 * No threshold that is beyond the bar makes a 0 of what misses the bar: `max(x > 100) or vector(0)` is 0 while x is 60, and the bar is 50.
 * Where the value is on the bar, nothing may be above the threshold, and that is what was measured.
 */
export function* thresholds(subject: Subject): Asking<Refusal | undefined> {
  const { gate, expressions } = subject;
  const [value] = expressions.map(({ promql }) => promql);
  if (!isFree(gate) || gate.source.kind === 'ratio' || gate.barKind === 'informational' || value === undefined)
    return undefined;
  const without = withoutThresholds(value, gate.absentIs);
  if (without === undefined) return undefined;
  const [shown, whole] = yield* all([singleValue(value, subject, gate.absentIs), singleValue(without, subject)]);
  if (typeof shown !== 'number' || typeof whole !== 'number' || misses(shown, gate.bar) || !misses(whole, gate.bar))
    return undefined;
  if ([gate.bar.min, gate.bar.max].some((side) => side !== undefined && distanceFrom(side, shown) === 0))
    return undefined;
  return {
    reason: 'empty',
    detail: `${value} is ${quantityText(shown, gate.unit)} by a threshold beyond the bar: without it the value is ${quantityText(whole, gate.unit)}`,
    estimate: whole,
  };
}
