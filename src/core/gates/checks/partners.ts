import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { isFree } from '../free-expression.ts';
import { pairings, withoutFilters, type Pairing } from '../../promql/operands.ts';
import { tolerant } from '../../promql/tolerant.ts';

/**
 * Every series of an operand finds its partner on the other side. PromQL leaves out those that do not: a shard without its
 * divisor is not in the maximum. A gate with `absentIs` says that series are born with their first event, so they may miss where the value
 * is then 0. In an aggregation or an `or` that is not so of what is added, and of a divisor: `(sum(x) + sum(errors)) or vector(0)` is 0
 * without errors, whatever x is. Nor is it so of what a filter has left out, which was born: `sum(errors > 0)`.
 */
export function* partners({ atMs, fresh, expressions, gate }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate)) return undefined;
  const operators = expressions.flatMap(({ promql }) => pairings(promql));
  const pairs =
    gate.absentIs === undefined
      ? operators.flatMap(alone)
      : operators.filter(({ isInside }) => isInside).flatMap(leftOut);
  const counts = yield* all(pairs.map(({ query }) => instant(`count(${tolerant(query, fresh)})`, atMs)));
  const index = counts.findIndex((count) => count.length > 0);
  const pair = pairs[index];
  if (pair === undefined) return undefined;
  return {
    reason: 'empty',
    detail: `${counts[index]?.[0]?.value} series of ${pair.of} have no partner in ${pair.other}, so the value leaves them out`,
  };
}

/** The series of each side that has to have partners, less those that have one. */
function alone({ left, right, matching, many }: Pairing): readonly { query: string; of: string; other: string }[] {
  const less = (a: string, b: string): { query: string; of: string; other: string } => ({
    query: `(${a}) unless ${matching} (${b})`,
    of: a,
    other: b,
  });
  return [...(many === 'right' ? [] : [less(left, right)]), ...(many === 'left' ? [] : [less(right, left)])];
}

/** Those without which the value is not 0, though something is absent. */
function leftOut(pairing: Pairing): ReturnType<typeof alone> {
  const { operator, left, factors } = pairing;
  const isSum = operator === 'Add' || operator === 'Sub';
  const counting = alone(pairing).filter(({ of }) => isSum || (operator === 'Div' && of === left));
  return [
    ...counting.map((one) => ({
      ...one,
      query: [one.query, ...factors].map((part) => `(${part})`).join(' and on () '),
    })),
    ...filteredOut(pairing),
  ];
}

/** The series of each side that would have a partner if nothing were filtered. */
function filteredOut(pairing: Pairing): ReturnType<typeof alone> {
  return alone(pairing).flatMap(({ query, of, other }) => {
    const whole = withoutFilters(other);
    return whole === other ? [] : [{ query: `(${query}) and ${pairing.matching} (${whole})`, of, other }];
  });
}
