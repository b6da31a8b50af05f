import { treeOf } from './tree.ts';
import { childrenOf, functionName, textOf } from './syntax.ts';
import type { SyntaxNode } from '@lezer/common';

/** Functions that need the selector itself. */
const NEED_SELECTOR: ReadonlySet<string> = new Set(['timestamp', 'absent', 'info', 'start_timestamp']);

/**
 * A query that one missed scrape does not change: each series counts with its last value of the time `fresh`. Without this a
 * target whose scrape fails is missing from a sum, and the sum is smaller than it is. A series that its target no longer serves,
 * and one whose target is no longer scraped, do not count: their values would be counted beside those that replaced them.
 *
 * @param fresh a PromQL duration
 */
export function tolerant(query: string, fresh: string): string {
  return instantSelectors(query)
    .toSorted((a, b) => b.from - a.from)
    .reduce(
      (text, node) => `${text.slice(0, node.from)}${held(textOf(node, query), fresh)}${text.slice(node.to)}`,
      query,
    );
}

/** The selectors of a query that {@link tolerant} changes, each once. */
export function tolerated(query: string): readonly string[] {
  return [...new Set(instantSelectors(query).map((node) => textOf(node, query)))];
}

function instantSelectors(query: string): readonly SyntaxNode[] {
  const found: SyntaxNode[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.name === 'VectorSelector') found.push(node);
    // A range, a moved or a fixed moment has its own meaning.
    if (['VectorSelector', 'MatrixSelector', 'OffsetExpr', 'StepInvariantExpr'].includes(node.name)) return;
    if (NEED_SELECTOR.has(functionName(node, query) ?? '')) return;
    for (const child of childrenOf(node)) visit(child);
  };
  visit(treeOf(query));
  return found;
}

function held(selector: string, fresh: string): string {
  const last = `last_over_time(${selector}[${fresh}])`;
  // A target without the label `cluster` may serve series that have one of their own.
  const down = `(${last} and on (job, instance, cluster) (up == 0)) or (${last} and on (job, instance) (up{cluster=""} == 0))`;
  return `((${last} and ${selector}) or ${down})`;
}
