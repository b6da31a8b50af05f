import { parser } from '@prometheus-io/lezer-promql';
import { childrenOf, functionName, textOf } from './syntax.ts';
import type { SyntaxNode } from '@lezer/common';

/** Functions that need the selector itself. */
const NEED_SELECTOR: ReadonlySet<string> = new Set(['timestamp', 'absent', 'info', 'start_timestamp']);

/**
 * A query that one missed scrape does not change: each series counts with its last value of the time `fresh`. Without this a
 * target whose scrape fails is missing from a sum, and the sum is smaller than it is.
 *
 * @param fresh a PromQL duration
 */
export function tolerant(query: string, fresh: string): string {
  const found: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.name === 'VectorSelector') found.push(node);
    // A range, a moved or a fixed moment has its own meaning.
    if (['VectorSelector', 'MatrixSelector', 'OffsetExpr', 'StepInvariantExpr'].includes(node.name)) return;
    if (NEED_SELECTOR.has(functionName(node, query) ?? '')) return;
    for (const child of childrenOf(node)) visit(child);
  };
  visit(parser.parse(query).topNode);
  return found
    .toSorted((a, b) => b.from - a.from)
    .reduce(
      (text, node) =>
        `${text.slice(0, node.from)}last_over_time(${textOf(node, query)}[${fresh}])${text.slice(node.to)}`,
      query,
    );
}
