import { all, instant, type Asking } from '../asking.ts';
import { isAtMost, isOver } from '../beyond-bar.ts';
import { countersSeen } from '../counters-seen.ts';
import { isFree } from '../free-expression.ts';
import { BELAY_JOB } from '../model.ts';
import type { Refusal } from '../refusal.ts';
import { singleValue } from '../single-value.ts';
import type { Subject } from '../subject.ts';
import { lifelongUses, type LifelongUse } from '../../promql/lifelong.ts';
import type { Selector } from '../../promql/needs.ts';

/**
 * The gate judges nothing that happened before its window. A counter that is read as it is counts from the start of its process: a
 * minimum is met by what was done before, a maximum is passed by it, and a bad soak is lost in a quotient of two long lives. A counter
 * that was 0 when the window began has counted in the window only.
 */
export function* lifelong(subject: Subject): Asking<Refusal | undefined> {
  const { gate, expressions, atMs, fresh, range } = subject;
  if (!isFree(gate) || gate.barKind === 'informational') return undefined;
  const uses = expressions
    .flatMap(({ promql }) => lifelongUses(promql))
    // What Belay's own worker counts has the execution in its labels, and is continued by the next worker.
    .filter(({ selector: { name, job } }) => job !== BELAY_JOB && name?.startsWith('belay_') !== true);
  const before = yield* all(
    uses.map(({ selector: { text } }) => instant(`count(last_over_time(${text}[${fresh}] offset ${range}) > 0)`, atMs)),
  );
  const counting = uses.filter((_, index) => (before[index] ?? []).length > 0);
  if (counting.length === 0) return undefined;
  const counters = new Set(
    (yield* countersSeen(unique(counting.flatMap(({ selector, against }) => [selector, ...against])), subject)).map(
      ({ text }) => text,
    ),
  );
  const alone = counting.filter(
    ({ selector, against }) => counters.has(selector.text) && !against.some(({ text }) => counters.has(text)),
  );
  const isAnywhere = gate.bar.min !== undefined || gate.source.kind === 'ratio';
  const use = alone.find(({ isDivided }) => isDivided || isAnywhere) ?? (yield* passedBefore(subject, alone));
  if (use === undefined) return undefined;
  return {
    reason: 'query-error',
    detail: `${use.selector.text} had counted before the window began; use the kind delta or share, which counts in the window`,
  };
}

/** A counter of a gate that is above its maximum only by what was counted before the window. */
function* passedBefore(
  { gate, expressions, atMs, fresh, window }: Subject,
  [use]: readonly LifelongUse[],
): Asking<LifelongUse | undefined> {
  const { max } = gate.bar;
  const text = expressions[0]?.promql;
  if (use === undefined || max === undefined || text === undefined) return undefined;
  const [now, then] = yield* all(
    [atMs, window.startMs].map((moment) => singleValue(text, { atMs: moment, fresh }, gate.absentIs)),
  );
  return typeof now === 'number' && typeof then === 'number' && isOver(now, max) && isAtMost(now - then, max)
    ? use
    : undefined;
}

function unique(selectors: readonly Selector[]): readonly Selector[] {
  return [...new Map(selectors.map((selector) => [selector.text, selector])).values()];
}
