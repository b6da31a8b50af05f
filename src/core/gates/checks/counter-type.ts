import { all, typesOf, type Asking } from '../asking.ts';
import type { Refusal } from '../refusal.ts';
import type { Subject } from '../subject.ts';

/** Belay serves counts that a new worker continues as gauges. They only grow. */
const OWN = 'belay_';

/** Kinds whose value is growth, or the time since it. */
const COUNT: ReadonlySet<string> = new Set(['delta', 'share', 'idle', 'quantile']);

/**
 * What a gate counts the growth of is a counter, as far as its target says. A gauge that falls looks like a counter that was reset,
 * and its new value like growth.
 */
export function* counterType({ gate, selectors }: Subject): Asking<Refusal | undefined> {
  if (!COUNT.has(gate.source.kind)) return undefined;
  const names = selectors.flatMap(({ name }) => (name === undefined || name.startsWith(OWN) ? [] : [name]));
  const types = yield* all(names.map((name) => typesOf(name)));
  const gauge = names[types.findIndex((found) => found.includes('gauge'))];
  if (gauge === undefined) return undefined;
  return {
    reason: 'query-error',
    detail: `${gauge} is a gauge, as its target says: it may fall, so its growth counts nothing`,
  };
}
