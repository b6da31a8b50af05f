import { treeOf } from './tree.ts';
import type { SyntaxNode } from '@lezer/common';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';

/** Aggregations that pass on a value that is no number. The others leave it out, or count it. */
const PASS_ON: ReadonlySet<string> = new Set(['sum']);

/**
 * What a query aggregates in a way that hides values that are no numbers: `max()` skips NaN, `min()` skips +Inf, `count()` counts
 * both. A comparison around it is left out, because it drops them before. Quantiles of histograms have a check of their own, of each group.
 */
export function aggregandsOf(query: string): readonly string[] {
  const found = new Set<string>();
  walk(treeOf(query), (node) => {
    if (node.name !== 'AggregateExpr') return;
    if (PASS_ON.has(textOf(node.getChild('AggregateOp'), query).toLowerCase())) return;
    const inner = childrenOf(node.getChild('FunctionCallBody')).at(-1);
    const part = inner === undefined ? undefined : withoutFilter(inner);
    if (part !== undefined && functionName(part, query) !== 'histogram_quantile') found.add(textOf(part, query));
  });
  return [...found];
}

const FILTERS = ['Gtr', 'Gte', 'Lss', 'Lte', 'Neq', 'Eql'];

function withoutFilter(node: SyntaxNode): SyntaxNode {
  if (node.name === 'ParenExpr') {
    const [inner] = childrenOf(node);
    return inner === undefined ? node : withoutFilter(inner);
  }
  const compares = node.name === 'BinaryExpr' && FILTERS.some((name) => node.getChild(name) !== null);
  const left = childrenOf(node)[0];
  return compares && left !== undefined ? withoutFilter(left) : node;
}
