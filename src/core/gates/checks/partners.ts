import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { isFree } from '../free-expression.ts';
import { pairings, type Pairing } from '../../promql/operands.ts';
import { tolerant } from '../../promql/tolerant.ts';

/**
 * Every series of an operand finds its partner on the other side. PromQL leaves out those that do not: a shard without its
 * divisor is not in the maximum. A gate with `absentIs` says that series are born with their first event, so they may miss.
 */
export function* partners({ atMs, fresh, expressions, gate }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate) || gate.absentIs !== undefined) return undefined;
  const pairs = expressions.flatMap(({ promql }) => pairings(promql)).flatMap(alone);
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
