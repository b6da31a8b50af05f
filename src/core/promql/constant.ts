import { filledForParsing } from './check.ts';
import { hull, type Interval } from './interval.ts';
import { selectorsOf } from './needs.ts';
import { possibleAnswer, type Values } from './possible.ts';

/**
 * Why the value of an expression cannot come from a measurement, e.g. `1`, `vector(0)`, `time()`, `0 * x + 1`,
 * `vector(1) or x`; undefined where it may. A gate on such an expression would give the same answer whatever happens. An
 * expression with a syntax error is not examined.
 */
export function constantProblem(query: string): string | undefined {
  const answer = possibleAnswer(query);
  if (answer === undefined) return undefined;
  // Where one series is in every answer, the answer is that series or several of them. Several are no reading.
  const decided = [answer.values, answer.sure].find((one) => one !== undefined && one.from !== 'series');
  if (decided === undefined) return undefined;
  const isConstant = selectorsOf(filledForParsing(query)).length === 0;
  return `${isConstant ? 'no selector' : 'no selector decides the value'}: ${inWords(decided)}`;
}

/** The numbers that an expression can give, as far as its syntax shows; undefined where it has an error. */
export function possibleValues(query: string): Interval | undefined {
  const answer = possibleAnswer(query);
  return answer === undefined ? undefined : hull(answer.values, answer.sure ?? answer.values);
}

function inWords({ from, low, high }: Values): string {
  if (low > high) return 'it never has a value';
  if (low === high) return `it is always ${low}`;
  return from === 'clock' ? 'it depends only on the time' : 'it is always the same number';
}
