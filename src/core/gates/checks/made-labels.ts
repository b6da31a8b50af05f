import { labelName } from '../../promql/label-matcher.ts';
import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { groupedLabels, madeLabels } from '../../promql/label-uses.ts';
import { tolerant } from '../../promql/tolerant.ts';

/**
 * A label that the query makes and groups by is made for every series. Where the expression of `label_replace()` does not match, it
 * makes none, and all such series are one group.
 */
export function* madeLabelsExist({ gate, expressions, atMs, fresh }: Subject): Asking<Refusal | undefined> {
  if ('by' in gate.source) return yield* partlyLabelled(gate.source.by, { expressions, atMs, fresh });
  if (!isFree(gate)) return undefined;
  const made = expressions.flatMap(({ promql }) => madeLabels(promql));
  const groups = yield* all(
    made.map(({ label, operand }) => instant(tolerant(`group by (${label}) (${operand})`, fresh), atMs)),
  );
  const mixed = yield* partlyLabelled([], { expressions, atMs, fresh });
  if (mixed !== undefined) return mixed;
  const lacking = made.find(({ label }, index) => groups[index]?.some(({ labels }) => (labels[label] ?? '') === ''));
  if (lacking === undefined) return undefined;
  return { reason: 'no-series', detail: `series of ${lacking.operand} have no label "${lacking.label}" to group by` };
}

/** A label that some series have and several others have not: those others are one group, and none of them is seen on its own. */
function* partlyLabelled(
  by: readonly string[],
  { expressions, atMs, fresh }: Pick<Subject, 'expressions' | 'atMs' | 'fresh'>,
): Asking<Refusal | undefined> {
  const grouped = expressions.flatMap(({ promql }) => [
    ...by.map((label) => ({ label, operand: promql })),
    ...groupedLabels(promql),
  ]);
  const counts = yield* all(
    grouped.map(({ label, operand }) => instant(tolerant(`count by (${labelName(label)}) (${operand})`, fresh), atMs)),
  );
  for (const [index, { label, operand }] of grouped.entries()) {
    const groups = counts[index] ?? [];
    const without = groups.find(({ labels }) => (labels[label] ?? '') === '');
    if (groups.length < 2 || without === undefined || without.value < 2) continue;
    return {
      reason: 'no-series',
      detail: `${without.value} series of ${operand} have no label "${label}", and are one group beside ${groups.length - 1} others`,
    };
  }
  return undefined;
}
