import type { SyntaxNode } from '@lezer/common';
import { canonical } from './canonical.ts';
import { constantProblem } from './constant.ts';
import { numberOf } from './dependence.ts';
import { childrenOf, functionName, argumentsOf, textOf } from './syntax.ts';
import { treeOf } from './tree.ts';
import { totalOf, valueForm } from './value-form.ts';

/** Totals of the same series, the smaller first. Of numbers that are not below 0 each is at most the next one. */
const TOTALS: readonly string[] = ['min', 'avg', 'max', 'sum'];
const OTHER = 0;
/** Functions whose value is that of their argument, or not below it. */
const SAME: ReadonlySet<string> = new Set(['scalar', 'vector', 'last_over_time', 'max_over_time']);

/** How often the totals of some series are added to a value, by what is added up. One number for each of {@link TOTALS}. */
type Added = Map<string, number[]>;

/** An operand of a sum or a difference. */
interface Operand {
  readonly written: string;
  /** Without what leaves out values. */
  readonly opened: string;
  /** How often it is added: 1, or -1 where it is subtracted. */
  readonly times: number;
}

/**
 * What a sum of two operands would be without one whose filter hides what it keeps: `max(x)` for `max(x) - max(x > 100)`. That is so where
 * the sum without filters shows nothing of the series: `max(x) - max(x)`, or `avg(x) - sum(x)`, which is never above 0. The filter then
 * decides alone what the value is.
 *
 * @param side on which the value misses its bar: 1 above it, -1 below it
 */
export function withoutKept(operands: readonly [Operand, Operand], side: 1 | -1): readonly string[] {
  const [a, b] = operands;
  return [[a, b] as const, [b, a] as const].flatMap(([kept, other]) =>
    kept.opened !== kept.written && leavesNothing(kept, other, side)
      ? [other.times < 0 ? `(-(${other.opened}))` : `(${other.opened})`]
      : [],
  );
}

function leavesNothing(kept: Operand, other: Operand, side: 1 | -1): boolean {
  const [own, others] = [addedBy(kept), addedBy(other)];
  return [...own].some(([series, times]) => {
    const besides = others.get(series);
    if (besides === undefined) return false;
    const sums = times.map((_, from) => side * (total(from, times) + total(from, besides)));
    return sums.every((sum) => sum === 0) || (side * total(0, besides) > 0 && sums.every((sum) => sum <= 0));
  });
}

function total(from: number, times: readonly number[]): number {
  return times.slice(from).reduce((sum, one) => sum + one, 0);
}

function addedBy({ opened, times }: Operand): Added {
  const added: Added = new Map();
  const [top] = childrenOf(treeOf(opened));
  if (top !== undefined) add(top, opened, times, added);
  return added;
}

function add(node: SyntaxNode, query: string, by: number, added: Added): void {
  const children = childrenOf(node);
  const [first, last] = [children[0], children.at(-1)];
  const operator = node.name === 'BinaryExpr' ? (children[1]?.name ?? '') : '';
  if (first !== undefined && last !== undefined) {
    const [left, right] = [numberOf(first, query), numberOf(last, query)];
    const [argument] = argumentsOf(node);
    if (!Number.isNaN(numberOf(node, query))) return;
    if (node.name === 'ParenExpr') return add(first, query, by, added);
    if (node.name === 'UnaryExpr') return add(last, query, textOf(first, query) === '-' ? -by : by, added);
    if (argument !== undefined && SAME.has(functionName(node, query) ?? ''))
      return add(rangedOf(argument), query, by, added);
    if (operator === 'Mul' && !Number.isNaN(left)) return add(last, query, by * left, added);
    if (operator === 'Mul' && !Number.isNaN(right)) return add(first, query, by * right, added);
    if (operator === 'Div' && !Number.isNaN(right)) return add(first, query, by / right, added);
    if (operator === 'Add' || operator === 'Sub') {
      add(first, query, by, added);
      return add(last, query, operator === 'Sub' ? -by : by, added);
    }
    if (operator === 'Or' && isDefault(first, last, query)) return add(first, query, by, added);
  }
  const of = totalOf(node, query);
  const rank = of === undefined ? -1 : TOTALS.indexOf(of.name);
  const series =
    of === undefined || rank < 0 ? seriesOf(node, '', query) : `${of.grouping} ${seriesOf(of.series, of.name, query)}`;
  const times = added.get(series) ?? TOTALS.map(() => 0);
  times[rank < 0 ? OTHER : rank] = (times[rank < 0 ? OTHER : rank] ?? 0) + by;
  added.set(series, times);
}

/** The series that are added up, in a form that is to be compared. @param by name of the total */
function seriesOf(node: SyntaxNode, by: string, query: string): string {
  const [first, operator, last] = [childrenOf(node)[0], childrenOf(node)[1]?.name, childrenOf(node).at(-1)];
  const [argument] = argumentsOf(node);
  if (first !== undefined && last !== undefined) {
    if (node.name === 'ParenExpr') return seriesOf(first, by, query);
    if (argument !== undefined && SAME.has(functionName(node, query) ?? ''))
      return seriesOf(rangedOf(argument), by, query);
    if (node.name === 'BinaryExpr' && operator === 'Or' && isDefault(first, last, query))
      return seriesOf(first, by, query);
    const of = totalOf(node, query);
    if (of !== undefined && of.name === by) return seriesOf(of.series, by, query);
  }
  return canonical(textOf(node, query));
}

/** Whether the right side of `or` adds no series to the left one: a default, or some of the same series. */
function isDefault(left: SyntaxNode, right: SyntaxNode, query: string): boolean {
  return constantProblem(textOf(right, query)) !== undefined || valueForm(left, query) === valueForm(right, query);
}

/** What a range is of. */
function rangedOf(node: SyntaxNode): SyntaxNode {
  return ['MatrixSelector', 'SubqueryExpr'].includes(node.name) ? (childrenOf(node)[0] ?? node) : node;
}
