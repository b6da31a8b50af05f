import { selectorAt, type Selector } from './needs.ts';
import { walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Endings of names that only counters have. `_count` and `_sum` are also names of gauges. */
const OF_COUNTERS = /_(?:total|bucket)$/;

/** The same at the end of an expression for names, or of one of its alternatives. */
const OF_COUNTER_PATTERNS = /(?:total|bucket)\)*\$?(?:$|\|)/;

/** Whether the series of a selector are counters by their names, or some of them may be by an expression for names. */
export function isCounter({ name, namePatterns = [] }: Selector): boolean {
  return name === undefined ? namePatterns.some((text) => OF_COUNTER_PATTERNS.test(text)) : OF_COUNTERS.test(name);
}

/** The selectors that a query reads as they are, without `rate()` or the like. Of a counter that is what the process counted since it started. */
export function plainSelectors(query: string): readonly Selector[] {
  const found = new Map<string, Selector>();
  walk(treeOf(query), (node) => {
    if (node.name !== 'VectorSelector' || node.parent?.name === 'MatrixSelector') return;
    const selector = selectorAt(node, query);
    found.set(selector.text, selector);
  });
  return [...found.values()];
}
