import { quantityText } from '../../text/number.ts';
import { all, type Asking } from '../asking.ts';
import { isOver, isUnder } from '../beyond-bar.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import { singleValue } from '../single-value.ts';
import type { Subject } from '../subject.ts';
import { MAX_HIDING_WAYS } from '../../promql/bounds.ts';
import { withoutHiding } from '../../promql/hiding.ts';
import { otherSide, type MissingSide } from '../../promql/missing-side.ts';

/**
 * No comparison drops what misses the bar. `max(x < 100)` with a maximum of 50 is green while a shard is at 150, and `min(x > 0)` with a
 * minimum while one is at 0. The gate is unmeasured where it is within its bar only by what such comparisons leave out.
 */
export function* hidden(subject: Subject): Asking<Refusal | undefined> {
  const { gate, expressions } = subject;
  const { bar, unit } = gate;
  const [value, divisor] = expressions.map(({ promql }) => promql);
  if (!isFree(gate) || value === undefined || gate.barKind === 'informational') return undefined;
  const misses = (side: MissingSide, found: number | undefined): found is number =>
    found !== undefined && (side === 'above' ? isOver(found, bar.max) : isUnder(found, bar.min));
  for (const side of ['above', 'below'] as const) {
    const values = withoutHiding(value, side);
    const divisors = divisor === undefined ? [] : withoutHiding(divisor, otherSide(side));
    const opened = [
      ...values.map((one) => ({ ...one, by: divisor })),
      ...divisors.map(({ text }) => ({ text: values[0]?.text ?? value, most: undefined, by: text })),
    ];
    if (opened.length === 0) continue;
    if (opened.length > MAX_HIDING_WAYS)
      return {
        reason: 'query-error',
        detail: `${value} hides values in ${opened.length} ways; allowed: at most ${MAX_HIDING_WAYS}, or several gates`,
      };
    const [[shown], wholes = [], mosts = []] = (yield* all([
      all([quotient(subject, value, divisor)]),
      all(opened.map((one) => quotient(subject, one.text, one.by))),
      all(opened.map((one) => quotient(subject, one.most, one.by))),
    ])) as readonly [readonly (number | undefined)[], ...(readonly (readonly (number | undefined)[])[])];
    const whole = wholes.find((found, at) => misses(side, found) && !misses(side, mosts[at]));
    if (whole === undefined || misses(side, shown)) continue;
    return {
      reason: 'empty',
      detail: `${values.length === 0 ? divisor : value} leaves out values that miss the bar: with them the value is ${quantityText(whole, unit)}`,
      estimate: whole,
    };
  }
  return undefined;
}

/** The value of a query, or of a ratio. Undefined: it has none. */
function* quotient(
  { atMs, fresh, gate }: Subject,
  value: string | undefined,
  divisor: string | undefined,
): Asking<number | undefined> {
  if (value === undefined) return undefined;
  const texts = divisor === undefined ? [value] : [value, divisor];
  const [found, by = 1] = yield* all(texts.map((text) => singleValue(text, { atMs, fresh }, gate.absentIs)));
  return typeof found === 'number' && typeof by === 'number' ? found / by : undefined;
}
