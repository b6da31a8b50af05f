import type { SyntaxNode } from '@lezer/common';
import { childrenOf } from './syntax.ts';
import { treeOf } from './tree.ts';

/**
 * A query in which each total over nothing is 0: `sum(a) + sum(b)` is the value of `sum(a)` where b has no series.
 * @returns undefined where a selector is in no aggregation without `by` or `without`: what is missing there has labels
 */
export function withEmptyTotals(query: string): string | undefined {
  const totals: SyntaxNode[] = [];
  let isWhole = true;
  const visit = (node: SyntaxNode): void => {
    if (node.name === 'VectorSelector') isWhole = false;
    if (node.name === 'AggregateExpr' && node.getChild('AggregateModifier') === null) totals.push(node);
    else for (const child of childrenOf(node)) visit(child);
  };
  visit(treeOf(query));
  if (!isWhole) return undefined;
  return totals
    .toSorted((a, b) => b.from - a.from)
    .reduce(
      (text, { from, to }) => `${text.slice(0, from)}(${text.slice(from, to)} or vector(0))${text.slice(to)}`,
      query,
    );
}
