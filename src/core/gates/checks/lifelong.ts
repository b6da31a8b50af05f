import { all, instant, typesOf, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import { BELAY_JOB } from '../model.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { lifelongCounters } from '../../promql/lifelong.ts';

/**
 * The gate judges nothing that happened before its window. A counter that is read as it is counts from the start of its process: a
 * minimum is met by what was done before, and a bad soak is lost in a quotient of two long lives. A counter that was 0 when the window
 * began has counted in the window only.
 */
export function* lifelong({ gate, expressions, atMs, fresh, range }: Subject): Asking<Refusal | undefined> {
  if (!isFree(gate) || gate.barKind === 'informational') return undefined;
  const isAnywhere = gate.bar.min !== undefined || gate.source.kind === 'ratio';
  const counters = expressions
    .flatMap(({ promql }) => lifelongCounters(promql, isAnywhere))
    // What Belay's own worker counts has the execution in its labels, and is continued by the next worker.
    .filter(({ name, job }) => job !== BELAY_JOB && name?.startsWith('belay_') !== true);
  const before = yield* all(
    counters.map(({ text }) => instant(`count(last_over_time(${text}[${fresh}] offset ${range}) > 0)`, atMs)),
  );
  const counting = counters.filter((_, index) => (before[index] ?? []).length > 0);
  const types = yield* all(counting.map(({ name }) => (name === undefined ? nothing() : typesOf(name))));
  const counter = counting.find((_, index) => types[index]?.includes('gauge') !== true);
  if (counter === undefined) return undefined;
  return {
    reason: 'query-error',
    detail: `${counter.text} had counted before the window began; use the kind delta or share, which counts in the window`,
  };
}

function* nothing(): Asking<readonly string[]> {
  yield* [];
  return [];
}
