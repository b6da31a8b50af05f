import { treeOf } from './tree.ts';
import type { SyntaxNode } from '@lezer/common';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';

const EXTRAPOLATED: ReadonlySet<string> = new Set(['rate', 'increase']);

/**
 * A query in which each `rate()` and `increase()` is what the counter grew between its samples in the range. Prometheus extrapolates
 * each series for itself: a bucket that was 0 at the range's start is extrapolated less than one that was not, and a quantile over
 * both is in the wrong bucket. Only for counters that were not reset in the range: those grow from their minimum to their maximum.
 *
 * @param functions which of the two
 */
export function withoutExtrapolation(query: string, functions: ReadonlySet<string> = EXTRAPOLATED): string {
  const found: SyntaxNode[] = [];
  walk(treeOf(query), (node) => {
    if (functions.has(functionName(node, query) ?? '')) found.push(node);
  });
  return found
    .toSorted((a, b) => b.from - a.from)
    .reduce((text, node) => {
      const [range] = childrenOf(node.getChild('FunctionCallBody'));
      const argument = textOf(range ?? null, query);
      const grown = `(max_over_time(${argument}) - min_over_time(${argument}))`;
      return text.slice(0, node.from) + grown + text.slice(node.to);
    }, query);
}

/** The query with what each `increase()` grew between its samples. Undefined where there is none. */
export function withExactIncreases(query: string): string | undefined {
  const exact = withoutExtrapolation(query, new Set(['increase']));
  return exact === query ? undefined : exact;
}
