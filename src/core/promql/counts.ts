import type { SyntaxNode } from '@lezer/common';
import { isComparison, metricsIn, numberOf } from './dependence.ts';
import { withoutGuard } from './guard.ts';
import { argumentsOf, childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Aggregations and functions whose value says only which series there are. */
const COUNTING: ReadonlySet<string> = new Set(['count', 'group', 'absent', 'absent_over_time', 'count_over_time']);

/**
 * Whether an expression says of some metrics only how many of their series a filter keeps, or which comparisons hold: `100 * count(x > 5)`,
 * `sum(x > bool 5)`. How many are above 0, `count(x > 0)`, is no such number, because `sum(x) - count(x > 0)` is what each has beyond one.
 */
export function isCounted(node: SyntaxNode, query: string, metrics: ReadonlySet<string>): boolean {
  const text = textOf(node, query);
  if (plain(node).name === 'AggregateExpr' && isGuard(text)) return false;
  const visit = (one: SyntaxNode): boolean => {
    if (counts(one, query)) return true;
    if (one.name === 'VectorSelector') return ![...metricsIn(one, query)].some((name) => metrics.has(name));
    return childrenOf(one).every(visit);
  };
  return visit(node);
}

/** Whether a division is a mean: a sum, by a number of series. That number may have a guard and a default. */
export function isMean(dividend: SyntaxNode, divisor: SyntaxNode, query: string): boolean {
  let sum = plain(dividend);
  const [first, , last] = childrenOf(sum);
  if (sum.name === 'BinaryExpr' && first !== undefined && last !== undefined)
    sum = plain(Number.isNaN(numberOf(first, query)) ? first : last);
  const name = (node: SyntaxNode): string => textOf(node.getChild('AggregateOp'), query).toLowerCase();
  const count = withoutGuard(divisor, query);
  const [series] = argumentsOf(count);
  const isCount =
    name(count) === 'count' ||
    (name(count) === 'sum' && series !== undefined && plain(series).getChild('BoolModifier') !== null);
  return name(sum) === 'sum' && isCount;
}

/** Whether an expression is filtered, and only for what is above 0, or is not 0. */
export function isGuard(text: string): boolean {
  const bounds: number[] = [];
  walk(treeOf(text), (node) => {
    const [first, operator, last] = [childrenOf(node)[0], childrenOf(node)[1]?.name ?? '', childrenOf(node).at(-1)];
    if (node.name !== 'BinaryExpr' || !isComparison(operator) || first === undefined || last === undefined) return;
    bounds.push(operator === 'Gtr' || operator === 'Neq' ? numberOf(last, text) : NaN);
  });
  return bounds.length > 0 && bounds.every((bound) => bound === 0);
}

function counts(node: SyntaxNode, query: string): boolean {
  if (node.name === 'BinaryExpr')
    return isComparison(childrenOf(node)[1]?.name ?? '') && node.getChild('BoolModifier') !== null;
  return COUNTING.has(functionName(node, query) ?? textOf(node.getChild('AggregateOp'), query).toLowerCase());
}

function plain(node: SyntaxNode): SyntaxNode {
  const [inner] = childrenOf(node);
  return node.name === 'ParenExpr' && inner !== undefined ? plain(inner) : node;
}
