import { all, instant, type Asking } from '../asking.ts';
import { isFree } from '../free-expression.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';
import { selectorsOf, type Selector } from '../../promql/needs.ts';

/** A sum of counters counts no series twice: `sum(x) + sum(x{result="error"})` has the errors in both. */
export function* overlaps({ gate, expressions, atMs, range }: Subject): Asking<Refusal | undefined> {
  if (isFree(gate)) return undefined;
  const pairs = expressions.flatMap(({ promql }) => pairsOf(selectorsOf(promql)));
  const counts = yield* all(
    pairs.map(([one, other]) =>
      instant(`count(last_over_time(${one.text}[${range}]) and last_over_time(${other.text}[${range}]))`, atMs),
    ),
  );
  const index = counts.findIndex((count) => count.length > 0);
  const [one, other] = pairs[index] ?? [];
  if (one === undefined || other === undefined) return undefined;
  return {
    reason: 'query-error',
    detail: `${counts[index]?.[0]?.value} series are in ${one.text} and in ${other.text}, and count twice`,
  };
}

/** Selectors that may have a series in common. Of two names none is. */
function pairsOf(selectors: readonly Selector[]): readonly (readonly [Selector, Selector])[] {
  return selectors.flatMap((one, index) =>
    selectors
      .slice(index + 1)
      .filter((other) => one.name === undefined || other.name === undefined || one.name === other.name)
      .map((other) => [one, other] as const),
  );
}
