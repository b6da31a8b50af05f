import type { SyntaxNode } from '@lezer/common';
import { canonical } from './canonical.ts';
import { isComparison, numberOf } from './dependence.ts';
import { isScalar } from './operands.ts';
import { argumentsOf, childrenOf, textOf } from './syntax.ts';

/** Comparisons with a number that keep the series that `max()` and `min()` look for, the series on the left. */
const KEEP_EXTREME: Readonly<Record<string, readonly string[]>> = { max: ['Gtr', 'Gte'], min: ['Lss', 'Lte'] };
/** The same with the series on the right. */
const MIRRORED: Readonly<Record<string, readonly string[]>> = {
  max: KEEP_EXTREME['min'] ?? [],
  min: KEEP_EXTREME['max'] ?? [],
};
/** Aggregations that keep it. */
const SELECT_EXTREME: Readonly<Record<string, string>> = { max: 'topk', min: 'bottomk' };

/**
 * An expression in a form that is equal for expressions that have the same value wherever they have one: `max(x > 100)` and `max(x)`,
 * `x > 5` and `x`. It is only to be compared.
 */
export function valueForm(node: SyntaxNode, query: string): string {
  const value = unconditional(node, query);
  const total = totalOf(value, query);
  if (total === undefined || KEEP_EXTREME[total.name] === undefined) return canonical(textOf(value, query));
  const { name, grouping, series } = total;
  return `(${name} ${grouping} ${canonical(textOf(withExtreme(series, name, grouping === '', query), query))})`;
}

/** An aggregation without parameters. */
export interface Total {
  /** In small letters. */
  readonly name: string;
  /** The labels that it groups by, as they are written, and in a form that is to be compared. */
  readonly modifier: string;
  readonly grouping: string;
  /** What it aggregates. */
  readonly series: SyntaxNode;
}

/** An expression as an aggregation without parameters; undefined where it is none. */
export function totalOf(node: SyntaxNode, query: string): Total | undefined {
  const [series, ...others] = argumentsOf(node);
  if (node.name !== 'AggregateExpr' || series === undefined || others.length > 0) return undefined;
  const name = textOf(node.getChild('AggregateOp'), query).toLowerCase();
  const modifier = textOf(node.getChild('AggregateModifier'), query);
  return { name, modifier, grouping: canonical(modifier), series };
}

/** An expression without the conditions around it. */
function unconditional(node: SyntaxNode, query: string): SyntaxNode {
  const children = childrenOf(node);
  const [first, last] = [children[0], children.at(-1)];
  if (first === undefined || last === undefined) return node;
  if (node.name === 'ParenExpr') return unconditional(first, query);
  if (node.name !== 'BinaryExpr') return node;
  const operator = children[1]?.name ?? '';
  if (operator === 'And' || operator === 'Unless') return unconditional(first, query);
  if (!isComparison(operator) || node.getChild('BoolModifier') !== null) return node;
  return unconditional(isScalar(textOf(first, query)) ? last : first, query);
}

/** What `max()` or `min()` aggregates, without what leaves out others than the largest or smallest. */
function withExtreme(node: SyntaxNode, of: string, isUngrouped: boolean, query: string): SyntaxNode {
  const children = childrenOf(node);
  const [first, last] = [children[0], children.at(-1)];
  if (first === undefined || last === undefined) return node;
  const inner = (one: SyntaxNode): SyntaxNode => withExtreme(one, of, isUngrouped, query);
  if (node.name === 'ParenExpr') return inner(first);
  if (node.name === 'AggregateExpr') {
    const isSelected =
      isUngrouped &&
      textOf(node.getChild('AggregateOp'), query).toLowerCase() === SELECT_EXTREME[of] &&
      node.getChild('AggregateModifier') === null;
    const series = argumentsOf(node).at(-1);
    return isSelected && series !== undefined ? inner(series) : node;
  }
  if (node.name !== 'BinaryExpr' || node.getChild('BoolModifier') !== null) return node;
  const operator = children[1]?.name ?? '';
  if (!Number.isNaN(numberOf(last, query)) && KEEP_EXTREME[of]?.includes(operator) === true) return inner(first);
  if (!Number.isNaN(numberOf(first, query)) && MIRRORED[of]?.includes(operator) === true) return inner(last);
  return node;
}
