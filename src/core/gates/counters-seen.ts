import { isCounter } from '../promql/counter-names.ts';
import type { Selector } from '../promql/needs.ts';
import { all, seen, typesOf, type Asking } from './asking.ts';
import type { Subject } from './subject.ts';

/**
 * The selectors whose series are counters: by what their targets say, by their names, or because they are the sum or the count of a
 * histogram or summary of which both were seen. `_count` alone is the name of gauges as well.
 */
export function* countersSeen(
  selectors: readonly Selector[],
  { campaignStartMs, atMs }: Pick<Subject, 'campaignStartMs' | 'atMs'>,
): Asking<readonly Selector[]> {
  const was = (metric: string): Asking<boolean> =>
    seen(`{__name__=${JSON.stringify(metric)}}`, { startMs: campaignStartMs, endMs: atMs });
  const found = yield* all(selectors.map((selector) => isCounterSeen(selector, was)));
  return selectors.filter((_, index) => found[index] === true);
}

function* isCounterSeen(selector: Selector, was: (metric: string) => Asking<boolean>): Asking<boolean> {
  const { name } = selector;
  if (name === undefined) return isCounter(selector);
  const types = yield* typesOf(name);
  if (types.includes('gauge')) return false;
  if (isCounter(selector) || types.includes('counter')) return true;
  const stem = /^(.+)_(?:sum|count)$/.exec(name)?.[1];
  if (stem === undefined) return false;
  const parts = yield* all([was(`${stem}_sum`), was(`${stem}_count`)]);
  return parts.every(Boolean);
}
