import { treeOf } from './tree.ts';
import { selectorAt } from './needs.ts';
import { childrenOf, functionName, textOf } from './syntax.ts';
import type { SyntaxNode } from '@lezer/common';

/** Functions that need the selector itself. */
const NEED_SELECTOR: ReadonlySet<string> = new Set(['timestamp', 'absent', 'info', 'start_timestamp']);

/** Series of Prometheus itself whose value is 0 where a scrape failed, though the target is well at the next. */
const OF_SCRAPES: ReadonlySet<string> = new Set([
  'up',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
]);

/** A selector that counts with its value at one moment. */
interface Instant {
  readonly node: SyntaxNode;
  /** The `offset` of the selector, as it is written; empty where it has none. */
  readonly moved: string;
  /** Where the selector ends, its `offset` included. */
  readonly to: number;
}

/**
 * A query that one missed scrape does not change: each series counts with its last value of the time `fresh`. Without this a
 * target whose scrape fails is missing from a sum, and the sum is smaller than it is. A series that its target no longer serves,
 * and one whose target is no longer scraped, do not count: their values would be counted beside those that replaced them.
 *
 * @param fresh a PromQL duration
 */
export function tolerant(query: string, fresh: string): string {
  return instants(query)
    .toSorted((a, b) => b.node.from - a.node.from)
    .reduce((text, one) => `${text.slice(0, one.node.from)}${held(one, query, fresh)}${text.slice(one.to)}`, query);
}

/** The selectors of a query that {@link tolerant} changes and that look at its own moment, each once. */
export function tolerated(query: string): readonly string[] {
  return [
    ...new Set(
      instants(query)
        .filter(({ moved }) => moved === '')
        .map(({ node }) => textOf(node, query)),
    ),
  ];
}

function instants(query: string): readonly Instant[] {
  const found: Instant[] = [];
  const visit = (node: SyntaxNode, offset: SyntaxNode | undefined): void => {
    if (node.name === 'VectorSelector') {
      const moved = offset === undefined ? '' : query.slice(node.to, offset.to);
      found.push({ node, moved, to: offset?.to ?? node.to });
    }
    // A range, or a fixed moment, has its own meaning.
    if (['VectorSelector', 'MatrixSelector', 'StepInvariantExpr'].includes(node.name)) return;
    if (NEED_SELECTOR.has(functionName(node, query) ?? '')) return;
    const children = childrenOf(node);
    if (node.name === 'OffsetExpr') {
      const [inner] = children;
      if (inner !== undefined) visit(inner, offset === undefined ? node : undefined);
      return;
    }
    // The parser hangs an offset around everything before it, where PromQL gives it to the nearest operand.
    for (const [index, child] of children.entries()) {
      const isLast = index === children.length - 1 && ['BinaryExpr', 'UnaryExpr'].includes(node.name);
      visit(child, isLast ? offset : undefined);
    }
  };
  visit(treeOf(query), undefined);
  return found;
}

function held({ node, moved }: Instant, query: string, fresh: string): string {
  const selector = textOf(node, query);
  const range = `${selector}[${fresh}]${moved}`;
  if (OF_SCRAPES.has(selectorAt(node, query).name ?? '')) return `max_over_time(${range})`;
  const last = `last_over_time(${range})`;
  // In parentheses, because the parser gives an offset to everything before it.
  const at = (one: string): string => (moved === '' ? one : `(${one}${moved})`);
  // A target without the label `cluster` may serve series that have one of their own.
  const down = `(${last} and on (job, instance, cluster) (${at('up')} == 0)) or (${last} and on (job, instance) (${at('up{cluster=""}')} == 0))`;
  return `((${last} and ${at(selector)}) or ${down})`;
}
