import { labelName } from '../../promql/label-matcher.ts';
import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { droppedLabels, groupedLabels, madeLabels } from '../../promql/label-uses.ts';
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
  const merged = yield* mergedWithout({ expressions, atMs, fresh });
  if (merged !== undefined) return merged;
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

/**
 * A label that `without` takes from several series of a group, where others differ in another label instead: `without (sh)` makes one
 * group of the shards that have `sh`, and one of each that has `shard`.
 */
function* mergedWithout({
  expressions,
  atMs,
  fresh,
}: Pick<Subject, 'expressions' | 'atMs' | 'fresh'>): Asking<Refusal | undefined> {
  const dropped = expressions.flatMap(({ promql }) => droppedLabels(promql));
  const answers = yield* all(
    dropped.flatMap(({ label, operand, where }) => [
      instant(tolerant(`count ${where} (${operand})`, fresh), atMs),
      instant(tolerant(`count by (${labelName(label)}) (${operand})`, fresh), atMs),
    ]),
  );
  for (const [index, { label, operand }] of dropped.entries()) {
    const [groups = [], values = []] = answers.slice(2 * index, 2 * index + 2);
    const isMixed = [true, false].every((has) => values.some(({ labels }) => ((labels[label] ?? '') !== '') === has));
    const several = groups.find(({ labels, value }) => {
      const own = new Set(namesOf(labels));
      return value > 1 && groups.some((other) => namesOf(other.labels).some((name) => !own.has(name)));
    });
    if (!isMixed || several === undefined) continue;
    return {
      reason: 'no-series',
      detail: `only some series of ${operand} have the label "${label}", and ${several.value} of them are one group without it`,
    };
  }
  return undefined;
}

function namesOf(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(labels).filter((name) => labels[name] !== '');
}
