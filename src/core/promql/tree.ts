import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { TREES_KEPT } from './bounds.ts';

const trees = new Map<string, SyntaxNode>();

/** The top node of a query's syntax tree. */
export function treeOf(query: string): SyntaxNode {
  const known = trees.get(query);
  if (known !== undefined) return known;
  if (trees.size >= TREES_KEPT) trees.clear();
  const { topNode } = parser.parse(query);
  trees.set(query, topNode);
  return topNode;
}
