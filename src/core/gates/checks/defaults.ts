import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { isFree } from '../free-expression.ts';
import { constantProblem, possibleValues } from '../../promql/constant.ts';
import { alternatives, hasCondition, hasFilteredDivisor } from '../../promql/operands.ts';
import { tolerant } from '../../promql/tolerant.ts';

/**
 * The value is no default of the query for "nothing happened": `(sum(a) / (sum(b) > 0)) or vector(1)` is 100 % where there was no
 * event. A default for a count of what a filter keeps, as in `count(x > 5) or vector(0)`, is 0 and no guess.
 */
export function* defaults({ atMs, fresh, expressions, gate }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate)) return undefined;
  const guesses = expressions
    .flatMap(({ promql }) => alternatives(promql))
    .filter(
      ({ left, right }) =>
        constantProblem(right) !== undefined && (hasFilteredDivisor(left) || hasCondition(left) || !isZero(right)),
    );
  const lefts = yield* all(guesses.map(({ left }) => instant(`count(${tolerant(left, fresh)})`, atMs)));
  const index = lefts.findIndex((series) => series.length === 0);
  const guess = guesses[index];
  if (guess === undefined) return undefined;
  return { reason: 'no-events', detail: `${guess.left} has no value, and ${guess.right} is no measurement` };
}

function isZero(text: string): boolean {
  const values = possibleValues(text);
  return values?.low === 0 && values.high === 0;
}
