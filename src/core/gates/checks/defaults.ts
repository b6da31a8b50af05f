import { all, instant, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { isFree } from '../free-expression.ts';
import { constantProblem, possibleValues } from '../../promql/constant.ts';
import { alternatives, filteredDivisions, hasCondition, hasFilteredDivisor } from '../../promql/operands.ts';
import { tolerant } from '../../promql/tolerant.ts';

/**
 * The value is no default of the query for "nothing happened": `(sum(a) / (sum(b) > 0)) or vector(1)` is 100 % where there was no
 * event. A default for a count of what a filter keeps, as in `count(x > 5) or vector(0)`, is 0 and no guess. `absentIs` is a default of the
 * series that are not there, and of no divisor that is.
 */
export function* defaults({ atMs, fresh, expressions, gate }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate)) return undefined;
  const guesses = expressions
    .flatMap(({ promql }) => alternatives(promql))
    .filter(
      ({ left, right }) =>
        constantProblem(right) !== undefined && (hasFilteredDivisor(left) || hasCondition(left) || !isZero(right)),
    );
  const divisions = gate.absentIs === undefined ? [] : expressions.flatMap(({ promql }) => filteredDivisions(promql));
  const isThere = (text: string): Asking<boolean> => hasSeries(`count(${tolerant(text, fresh)})`, atMs);
  const [lefts = [], rights = [], kept = []] = yield* all([
    all(guesses.map(({ left }) => isThere(left))),
    all(divisions.map(({ right }) => isThere(right))),
    all(divisions.map(({ filtered }) => isThere(filtered))),
  ]);
  const division = divisions.find((_, at) => rights[at] === true && kept[at] === false);
  if (division !== undefined)
    return {
      reason: 'no-events',
      detail: `${division.filtered} has no value, and absentIs: ${gate.absentIs} is none for ${division.left} divided by it`,
    };
  const index = lefts.indexOf(false);
  const guess = guesses[index];
  if (guess === undefined) return undefined;
  return { reason: 'no-events', detail: `${guess.left} has no value, and ${guess.right} is no measurement` };
}

function* hasSeries(text: string, atMs: number): Asking<boolean> {
  return (yield* instant(text, atMs)).length > 0;
}

function isZero(text: string): boolean {
  const values = possibleValues(text);
  return values?.low === 0 && values.high === 0;
}
