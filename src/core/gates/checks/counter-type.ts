import { all, typesOf, type Asking } from '../asking.ts';
import { countedNames } from '../counted-metrics.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';

/**
 * What a gate counts the growth of is a counter, as far as its target says. A gauge that falls looks like a counter that was reset,
 * and its new value like growth.
 */
export function* counterType({ gate, selectors }: Subject): Asking<Refusal | undefined> {
  const names = countedNames(gate, selectors);
  const types = yield* all(names.map((name) => typesOf(name)));
  const gauge = names[types.findIndex((found) => found.includes('gauge'))];
  if (gauge === undefined) return undefined;
  return {
    reason: 'query-error',
    detail: `${gauge} is a gauge, as its target says: it may fall, so its growth counts nothing`,
  };
}
