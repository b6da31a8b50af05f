import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { setOperations, type SetOperation } from '../../promql/set-operations.ts';
import { tolerant } from '../../promql/tolerant.ts';

/**
 * The two sides of an `and` or `unless` can match. Series with other labels never do: `x and y` then keeps nothing and
 * `x unless y` everything, whatever happens. Sides with the same labels may well have nothing in common.
 */
export function* sets({ gate, expressions, atMs, fresh }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate)) return undefined;
  const operations = expressions.flatMap(({ promql }) => setOperations(promql));
  const ask = (promql: string): Asking<readonly { readonly labels: Readonly<Record<string, string>> }[]> =>
    instant(tolerant(promql, fresh), atMs);
  const answers = yield* all(
    operations.flatMap(({ left, right, matching }) => [
      ask(`count((${left}) and ${matching} (${right}))`),
      ask(`topk(1, ${left})`),
      ask(`topk(1, ${right})`),
    ]),
  );
  for (const [index, operation] of operations.entries()) {
    const [matched, left, right] = answers.slice(3 * index).map((series) => series[0]?.labels);
    if (matched !== undefined || left === undefined || right === undefined) continue;
    const [ofLeft, ofRight] = [comparedLabels(operation, left), comparedLabels(operation, right)];
    if (ofLeft.join(', ') === ofRight.join(', ')) continue;
    return {
      reason: 'empty',
      detail: `${operation.left} has ${inWords(ofLeft)} to match by and ${operation.right} has ${inWords(ofRight)}, so "${operation.operator}" matches nothing; add on (…)`,
    };
  }
  return undefined;
}

function comparedLabels({ compares }: SetOperation, labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(labels)
    .filter((label) => labels[label] !== '' && compares(label))
    .sort();
}

function inWords(labels: readonly string[]): string {
  return labels.length === 0 ? 'no labels' : `the labels ${labels.join(', ')}`;
}
