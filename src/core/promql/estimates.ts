import { functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Functions that place the events of a histogram within its buckets. How exact the value is cannot be known from it. */
const ESTIMATE: ReadonlySet<string> = new Set([
  'histogram_fraction',
  'histogram_quantiles',
  'histogram_stddev',
  'histogram_stdvar',
]);

/** The calls of a query that estimate where events are within buckets. `histogram_quantile()` has bounds, and is none of them. */
export function estimates(query: string): readonly string[] {
  const found: string[] = [];
  walk(treeOf(query), (node) => {
    if (ESTIMATE.has(functionName(node, query) ?? '')) found.push(textOf(node, query));
  });
  return found;
}
