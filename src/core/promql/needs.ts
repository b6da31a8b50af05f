import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { labelAt } from './string-literal.ts';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';

/** One vector selector of a query, without range, offset or `@`. */
export interface Selector {
  readonly text: string;
  /** The metric's name where the selector gives one exactly. */
  readonly name?: string;
  /** Value of an exact `job="..."` matcher. */
  readonly job?: string;
}

/**
 * The series that a query needs. `any` is PromQL's `or`: one side that exists is enough, but a constant
 * (`vector(0)`) never is, so that a misspelt metric is not read as 0.
 */
export type Need =
  | { readonly kind: 'selector'; readonly selector: Selector }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Need[] };

/** Every selector of a query once, in order. */
export function selectorsOf(query: string): readonly Selector[] {
  const found = new Map<string, Selector>();
  walk(parser.parse(query).topNode, (node) => {
    if (node.name !== 'VectorSelector') return;
    const selector = selectorAt(node, query);
    found.set(selector.text, selector);
  });
  return [...found.values()];
}

/** The series a query cannot do without; undefined for a query of constants. */
export function needsOf(query: string): Need | undefined {
  return needAt(parser.parse(query).topNode, query);
}

/** The selectors whose absence leaves a need unmet; empty when it is met. */
export function unmetSelectors(need: Need, exists: (selector: Selector) => boolean): readonly Selector[] {
  if (need.kind === 'selector') return exists(need.selector) ? [] : [need.selector];
  const missing = need.of.map((part) => unmetSelectors(part, exists));
  if (need.kind === 'any' && missing.some((part) => part.length === 0)) return [];
  return missing.flat();
}

function needAt(node: SyntaxNode, query: string): Need | undefined {
  if (node.name === 'VectorSelector') return { kind: 'selector', selector: selectorAt(node, query) };
  const called = functionName(node, query);
  if (called === 'absent' || called === 'absent_over_time') return undefined;
  let children = childrenOf(node);
  if (node.getChild('Unless') !== null) children = children.slice(0, 1);
  const needs = children.map((child) => needAt(child, query)).filter((need) => need !== undefined);
  if (needs.length <= 1) return needs[0];
  return { kind: node.getChild('Or') === null ? 'all' : 'any', of: needs };
}

function selectorAt(node: SyntaxNode, query: string): Selector {
  const matchers = new Map<string, string>();
  walk(node, (inner) => {
    if (!inner.name.endsWith('LabelMatcher') || inner.getChild('MatchOp')?.getChild('EqlSingle') === null) return;
    const label = labelAt(inner.firstChild, query);
    matchers.set(label, labelAt(inner.lastChild, query));
  });
  const identifier = node.getChild('Identifier');
  const name = identifier === null ? matchers.get('__name__') : textOf(identifier, query);
  const job = matchers.get('job');
  return {
    text: textOf(node, query),
    ...(name === undefined ? {} : { name }),
    ...(job === undefined ? {} : { job }),
  };
}
