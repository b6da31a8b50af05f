import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** One vector selector of a query, without range, offset or `@`. */
export interface Selector {
  readonly text: string;
  /** The metric's name where the selector gives one exactly. */
  readonly name?: string;
  /** Value of an exact `job="..."` matcher. */
  readonly job?: string;
}

/**
 * Which series a query cannot do without. `any` stands for PromQL's `or`: one side that exists is enough, but a constant
 * (`vector(0)`) never is, so that a misspelt metric is not read as 0.
 */
export type Need =
  | { readonly kind: 'selector'; readonly selector: Selector }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Need[] };

/** A `histogram_quantile` found in a query, with the expressions that tell whether its value can be believed. */
export interface QuantileUse {
  /** Undefined where it is not a number literal. */
  readonly phi: number | undefined;
  readonly buckets: string;
  /** The same expression over `_sum` and `_count`; absent where the histogram's name does not end in `_bucket`. */
  readonly sum?: string;
  readonly count?: string;
}

/** Replaces `$window` by a PromQL duration and `$campaign` by the campaign's name. */
export function substitute(query: string, values: { readonly windowMs: number; readonly campaign: string }): string {
  return query.replaceAll(/\$(window|campaign)\b/g, (_, name: string) =>
    name === 'window' ? promDuration(values.windowMs) : values.campaign,
  );
}

/** A PromQL duration: whole seconds where possible, else milliseconds. At least 1 ms, because Prometheus refuses `[0s]`. */
export function promDuration(ms: number): string {
  const whole = Math.max(1, Math.round(ms));
  return whole % 1000 === 0 ? `${whole / 1000}s` : `${whole}ms`;
}

/** What is wrong with a query's syntax, in a sentence with the place; undefined when it parses. */
export function promqlProblem(query: string): string | undefined {
  const filled = substitute(query, { windowMs: 60_000, campaign: 'campaign' });
  if (filled.trim() === '') return 'the query is empty';
  let at = -1;
  parser.parse(filled).iterate({
    enter: (node) => {
      if (node.type.isError && at === -1) at = node.from;
    },
  });
  if (at === -1) return undefined;
  const near = filled.slice(Math.max(0, at - 15), at + 15);
  return `not valid PromQL at character ${at + 1}, near "${near}"`;
}

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

/** Selectors for want of which a need is not met; empty when it is met. */
export function unmetSelectors(need: Need, exists: (selector: Selector) => boolean): readonly Selector[] {
  if (need.kind === 'selector') return exists(need.selector) ? [] : [need.selector];
  const missing = need.of.map((part) => unmetSelectors(part, exists));
  if (need.kind === 'any' && missing.some((part) => part.length === 0)) return [];
  return missing.flat();
}

/** Every `histogram_quantile` of a query, however deep. */
export function quantilesOf(query: string): readonly QuantileUse[] {
  const uses: QuantileUse[] = [];
  walk(parser.parse(query).topNode, (node) => {
    if (functionName(node, query) !== 'histogram_quantile') return;
    const [phiNode, inner] = argumentsOf(node);
    if (phiNode === undefined || inner === undefined) return;
    const phi = Number(query.slice(phiNode.from, phiNode.to));
    const sum = siblingExpression(inner, query, '_sum');
    const count = siblingExpression(inner, query, '_count');
    uses.push({
      phi: Number.isFinite(phi) ? phi : undefined,
      buckets: query.slice(inner.from, inner.to),
      ...(sum === undefined || count === undefined ? {} : { sum, count }),
    });
  });
  return uses;
}

/** What keeps an expression from being a plain sum of counters (which a delta needs); undefined when it is one. */
export function counterProblem(query: string): string | undefined {
  const syntax = promqlProblem(query);
  if (syntax !== undefined) return syntax;
  let problem: string | undefined;
  let selectors = 0;
  const visit = (node: SyntaxNode): void => {
    if (node.name === 'VectorSelector') {
      selectors += 1;
      return;
    }
    const summed = node.name !== 'AggregateExpr' || textOf(node.getChild('AggregateOp'), query).toLowerCase() === 'sum';
    const added = node.name !== 'BinaryExpr' || node.getChild('Add') !== null || isDefault(node);
    const constant = node.name !== 'FunctionCall' || functionName(node, query) === 'vector';
    const plain = !['MatrixSelector', 'SubqueryExpr', 'OffsetExpr', 'UnaryExpr'].includes(node.name);
    if (!summed || !added || !constant || !plain) {
      problem ??= `a counter may be a selector, sum() of them, +, or "or vector(0)"; found "${textOf(node, query)}"`;
      return;
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(parser.parse(query).topNode);
  return problem ?? (selectors === 0 ? 'a counter needs at least one metric' : undefined);
}

function isDefault(node: SyntaxNode): boolean {
  const right = node.lastChild;
  return node.getChild('Or') !== null && right !== null && !containsSelector(right);
}

function containsSelector(node: SyntaxNode): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner.name === 'VectorSelector') found = true;
  });
  return found;
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
    const label = unquote(textOf(inner.firstChild, query));
    matchers.set(label, unquote(textOf(inner.lastChild, query)));
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

/** The expression with `x_bucket` turned into `x_sum` or `x_count` and `le` taken out of groupings and matchers. */
function siblingExpression(inner: SyntaxNode, query: string, suffix: '_sum' | '_count'): string | undefined {
  const edits: { from: number; to: number; text: string }[] = [];
  let renamed = 0;
  let selectors = 0;
  walk(inner, (node) => {
    if (node.name === 'VectorSelector') {
      selectors += 1;
      const identifier = node.getChild('Identifier');
      const name = textOf(identifier, query);
      if (identifier === null || !name.endsWith('_bucket')) return;
      renamed += 1;
      edits.push({ from: identifier.from, to: identifier.to, text: name.slice(0, -'_bucket'.length) + suffix });
    }
    if (node.name === 'LabelMatchers') {
      const kept = childrenOf(node).filter((matcher) => unquote(textOf(matcher.firstChild, query)) !== 'le');
      edits.push({ from: node.from, to: node.to, text: `{${kept.map((one) => textOf(one, query)).join(', ')}}` });
    }
    if (node.name === 'GroupingLabels') {
      const kept = childrenOf(node).filter((label) => unquote(textOf(label, query)) !== 'le');
      edits.push({ from: node.from, to: node.to, text: `(${kept.map((one) => textOf(one, query)).join(', ')})` });
    }
  });
  if (renamed === 0 || renamed !== selectors) return undefined;
  edits.sort((a, b) => a.from - b.from);
  let result = '';
  let at = inner.from;
  for (const edit of edits) {
    result += query.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + query.slice(at, inner.to);
}

function functionName(node: SyntaxNode, query: string): string | undefined {
  return node.name === 'FunctionCall' ? textOf(node.getChild('FunctionIdentifier'), query) : undefined;
}

function argumentsOf(call: SyntaxNode): readonly SyntaxNode[] {
  const body = call.getChild('FunctionCallBody');
  return body === null ? [] : childrenOf(body);
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child);
  }
  return children;
}

function walk(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node);
  for (const child of childrenOf(node)) walk(child, visit);
}

function textOf(node: SyntaxNode | null, query: string): string {
  return node === null ? '' : query.slice(node.from, node.to);
}

function unquote(text: string): string {
  return /^(["'`]).*\1$/s.test(text) ? text.slice(1, -1) : text;
}
