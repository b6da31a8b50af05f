import { treeOf } from './tree.ts';
import { rangesOfCall, type Ranged } from './ranged.ts';
import { functionName, walk } from './syntax.ts';

/** Functions over a range that have checks of their own, or that look at one sample only. */
const OTHERS: ReadonlySet<string> = new Set([
  'rate',
  'increase',
  'irate',
  'resets',
  'last_over_time',
  'count_over_time',
]);

/**
 * The ranges over which a query looks at the values of gauges, as range selectors: `max_over_time(x[5m])` looks at `x[5m]`, and
 * `avg_over_time(sum(x)[5m:1s])` too. What happened between two samples, and in a gap of them, is in none of these values.
 */
export function gaugeRanges(query: string): readonly Ranged[] {
  const found = new Map<string, Ranged>();
  walk(treeOf(query), (node) => {
    const name = functionName(node, query);
    if (name === undefined || OTHERS.has(name)) return;
    for (const one of rangesOfCall(node, query, false)) found.set(`${one.range} ${one.offsetMs} ${one.fixedMs}`, one);
  });
  return [...found.values()];
}
