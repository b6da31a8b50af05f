import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** Queries whose trees are kept. A campaign asks some hundreds, and the checks of a gate walk the same few again and again. */
const KEPT = 1_000;

const trees = new Map<string, SyntaxNode>();

/** The top node of a query's syntax tree. */
export function treeOf(query: string): SyntaxNode {
  const known = trees.get(query);
  if (known !== undefined) return known;
  if (trees.size >= KEPT) trees.clear();
  const { topNode } = parser.parse(query);
  trees.set(query, topNode);
  return topNode;
}
