import type { Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { isFree } from '../free-expression.ts';
import { comparedSides } from '../../promql/operands.ts';
import { noNumbers } from './no-numbers.ts';

/** No comparison of the gate is with a value that is no number: it would be false, and read as "nothing is beyond the limit". */
export function* comparisons(subject: Subject): Asking<Refusal | undefined> {
  if (!isFree(subject.gate)) return undefined;
  const sides = [...new Set(subject.expressions.flatMap(({ promql }) => comparedSides(promql)))];
  return yield* noNumbers(subject, sides, 'compared');
}
