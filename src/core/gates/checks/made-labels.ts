import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { madeLabels } from '../../promql/label-uses.ts';
import { tolerant } from '../../promql/tolerant.ts';

/**
 * A label that the query makes and groups by is made for every series. Where the expression of `label_replace()` does not match, it
 * makes none, and all such series are one group.
 */
export function* madeLabelsExist({ gate, expressions, atMs, fresh }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate)) return undefined;
  const made = expressions.flatMap(({ promql }) => madeLabels(promql));
  const groups = yield* all(
    made.map(({ label, operand }) => instant(tolerant(`group by (${label}) (${operand})`, fresh), atMs)),
  );
  const lacking = made.find(({ label }, index) => groups[index]?.some(({ labels }) => (labels[label] ?? '') === ''));
  if (lacking === undefined) return undefined;
  return { reason: 'no-series', detail: `series of ${lacking.operand} have no label "${lacking.label}" to group by` };
}
