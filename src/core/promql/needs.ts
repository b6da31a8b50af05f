import type { SyntaxNode } from '@lezer/common';
import { treeOf } from './tree.ts';
import { labelAt } from './string-literal.ts';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';

/** One vector selector of a query, without range, offset or `@`. */
export interface Selector {
  readonly text: string;
  /** The metric's name where the selector gives one exactly. */
  readonly name?: string;
  /** The expressions of `{__name__=~"..."}` that the metric's name must match, where the selector does not give the name exactly. */
  readonly namePatterns?: readonly string[];
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
  walk(treeOf(query), (node) => {
    if (node.name !== 'VectorSelector') return;
    const selector = selectorAt(node, query);
    found.set(selector.text, selector);
  });
  return [...found.values()];
}

/** The series a query cannot do without; undefined for a query of constants. */
export function needsOf(query: string): Need | undefined {
  return needAt(treeOf(query), query);
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

/** The selector of a `VectorSelector`. */
export function selectorAt(node: SyntaxNode, query: string): Selector {
  const matchers = new Map<string, string>();
  const namePatterns: string[] = [];
  walk(node, (inner) => {
    if (!inner.name.endsWith('LabelMatcher')) return;
    const operator = textOf(inner.getChild('MatchOp'), query);
    const label = labelAt(inner.firstChild, query);
    if (operator === '=') matchers.set(label, labelAt(inner.lastChild, query));
    if (operator === '=~' && label === '__name__') namePatterns.push(labelAt(inner.lastChild, query));
  });
  const name = nameAt(node, query) ?? matchers.get('__name__');
  const job = matchers.get('job');
  return {
    text: textOf(node, query),
    ...(name === undefined ? {} : { name }),
    ...(name !== undefined || namePatterns.length === 0 ? {} : { namePatterns }),
    ...(job === undefined ? {} : { job }),
  };
}

/** The metric's name before the braces, or as a text in them: `{"a.b"}`. */
function nameAt(node: SyntaxNode, query: string): string | undefined {
  const identifier = node.getChild('Identifier');
  if (identifier !== null) return textOf(identifier, query);
  const quoted = node.getChild('LabelMatchers')?.getChild('QuotedLabelName') ?? null;
  return quoted === null ? undefined : labelAt(quoted.firstChild, query);
}
