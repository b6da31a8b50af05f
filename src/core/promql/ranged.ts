import type { SyntaxNode } from '@lezer/common';
import { selectorsOf } from './needs.ts';
import { literalSeconds } from './range.ts';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** The range of a selector that a function is called with, also in parentheses, moved, or made by a subquery. */
export interface Ranged {
  readonly call: string;
  /** The name of the function. */
  readonly name: string;
  readonly selector: string;
  /** The range as written, without brackets. */
  readonly duration: string;
  /** The selector with its range, and without what moves it. */
  readonly range: string;
  /** It is made of the steps of a subquery. */
  readonly isOfSteps: boolean;
  /** By how much `offset` moves it back, ms. NaN where that is calculated. */
  readonly offsetMs: number;
  /** The moment that `@` fixes, ms since 1970. Absent = that of the query. */
  readonly fixedMs?: number;
}

/** The ranges of every call of the functions of a query. A subquery over a total has none: its series are not seen one by one. */
export function rangesOfCalls(query: string, functions: ReadonlySet<string>): readonly Ranged[] {
  const found = new Map<string, Ranged>();
  walk(treeOf(query), (node) => {
    const name = functionName(node, query) ?? '';
    if (!functions.has(name)) return;
    for (const one of rangesOfCall(node, query, true))
      found.set(`${one.range} ${one.offsetMs} ${one.fixedMs} ${one.call}`, one);
  });
  return [...found.values()];
}

/**
 * The ranges that a call looks at.
 * @param isEach leaves out the steps of a total
 */
export function rangesOfCall(call: SyntaxNode, query: string, isEach: boolean): readonly Ranged[] {
  return childrenOf(call.getChild('FunctionCallBody')).flatMap((argument) => {
    const { node, offsetMs, fixedMs } = unmoved(argument, query);
    const duration = textOf(node.getChild('DurationExpr'), query);
    const [inner] = childrenOf(node);
    const selectors =
      node.name === 'MatrixSelector'
        ? [textOf(node.getChild('VectorSelector'), query)]
        : node.name === 'SubqueryExpr' && inner !== undefined && !(isEach && inner.name === 'AggregateExpr')
          ? selectorsOf(textOf(inner, query)).map(({ text }) => text)
          : [];
    return selectors.map((selector) => ({
      call: textOf(call, query),
      name: functionName(call, query) ?? '',
      selector,
      duration,
      range: `${selector}[${duration}]`,
      isOfSteps: node.name === 'SubqueryExpr',
      offsetMs,
      ...(fixedMs === undefined ? {} : { fixedMs }),
    }));
  });
}

/** The moment at which a range ends, for a query of a moment; undefined where it cannot be known. */
export function endOf({ offsetMs, fixedMs }: Pick<Ranged, 'offsetMs' | 'fixedMs'>, atMs: number): number | undefined {
  const endMs = Math.round((fixedMs ?? atMs) - offsetMs);
  return Number.isFinite(endMs) ? endMs : undefined;
}

interface Unmoved {
  readonly node: SyntaxNode;
  readonly offsetMs: number;
  readonly fixedMs?: number;
}

/** An argument without parentheses, `offset` and `@` around it. */
function unmoved(node: SyntaxNode, query: string): Unmoved {
  const [first] = childrenOf(node);
  if (first === undefined) return { node, offsetMs: 0 };
  if (['ParenExpr', 'AnchoredExpr', 'SmoothedExpr'].includes(node.name)) return unmoved(first, query);
  if (node.name === 'OffsetExpr') {
    const inner = unmoved(first, query);
    const [, sign, text = ''] =
      /^\s*([+-]?)\s*(.*?)\s*$/s.exec(textOf(node.getChild('OffsetDurationExpr'), query)) ?? [];
    const offsetMs = literalSeconds(text) * (sign === '-' ? -1_000 : 1_000);
    return { ...inner, offsetMs: inner.offsetMs + offsetMs };
  }
  if (node.name === 'StepInvariantExpr') {
    const fixed = node.getChild('NumberDurationLiteral');
    const inner = unmoved(first, query);
    // start() and end() are the moment of an instant query.
    if (fixed === null) return inner;
    return { ...inner, fixedMs: literalSeconds(textOf(fixed, query).replaceAll(/\s/g, '')) * 1_000 };
  }
  return { node, offsetMs: 0 };
}
