import type { SyntaxNode } from '@lezer/common';
import { canonical } from './canonical.ts';
import { constantProblem } from './constant.ts';
import { isComparison, metricsIn, numberOf } from './dependence.ts';
import { withoutGuard } from './guard.ts';
import { argumentsOf, childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Aggregations and functions whose value says only which series there are. */
const COUNTING: ReadonlySet<string> = new Set(['count', 'group', 'absent', 'absent_over_time', 'count_over_time']);

/**
 * Whether an expression says of some metrics only how many of their series a filter keeps, or which comparisons hold: `100 * count(x > 5)`,
 * `sum(x > bool 5)`. How many are above 0, `count(x > 0)`, is no such number, because `sum(x) - count(x > 0)` is what each has beyond one, and
 * `sum(x) - 100 * count(x > 0)` what each has beyond 100.
 *
 * @param value what the number is added to, or divides
 */
export function isCounted(
  node: SyntaxNode,
  query: string,
  { metrics, value }: { readonly metrics: ReadonlySet<string>; readonly value: SyntaxNode },
): boolean {
  if (plain(node).name === 'AggregateExpr' && isGuard(textOf(node, query))) return false;
  if (isAllowance(timesOf(node, query).of, sumIn(value, query), query)) return false;
  const visit = (one: SyntaxNode): boolean => {
    if (counts(one, query)) return true;
    if (one.name === 'VectorSelector') return ![...metricsIn(one, query)].some((name) => metrics.has(name));
    return childrenOf(one).every(visit);
  };
  return visit(node);
}

/** Whether a number says how many series of a sum are above 0. */
function isAllowance(count: SyntaxNode, sum: SyntaxNode, query: string): boolean {
  const [counted, series] = [argumentsOf(count)[0], argumentsOf(sum)[0]].map((one) => one && filteredBy(one, query));
  if (aggregationOf(sum, query) !== 'sum' || !['count', 'sum'].includes(aggregationOf(count, query))) return false;
  if (counted?.filter === undefined || series === undefined || !isGuard(textOf(count, query))) return false;
  const isTruth = counted.filter.getChild('BoolModifier') !== null;
  return isTruth === (aggregationOf(count, query) === 'sum') && counted.form === series.form;
}

/** The comparison that series are, and in a form that is to be compared what they are without it. */
function filteredBy(
  node: SyntaxNode,
  query: string,
): { readonly filter: SyntaxNode | undefined; readonly form: string } {
  const filter = plain(node);
  const [first, operator] = childrenOf(filter);
  const isFilter = filter.name === 'BinaryExpr' && first !== undefined && isComparison(operator?.name ?? '');
  return { filter: isFilter ? filter : undefined, form: canonical(textOf(isFilter ? first : filter, query)) };
}

/** Whether a division is a mean: a sum, by a number of series. That number may have a guard and a default. */
export function isMean(dividend: SyntaxNode, divisor: SyntaxNode, query: string): boolean {
  const count = withoutGuard(divisor, query);
  const [series] = argumentsOf(count);
  const name = aggregationOf(count, query);
  const isCount =
    name === 'count' || (name === 'sum' && series !== undefined && plain(series).getChild('BoolModifier') !== null);
  return aggregationOf(sumIn(dividend, query), query) === 'sum' && isCount;
}

/**
 * Whether a difference is what series have beyond a threshold: `sum(x > 100) - 100 * count(x > 100)`. Each series that the filter keeps adds
 * what it is above the number, and is not below it.
 */
export function isExcess(total: SyntaxNode, taken: SyntaxNode, query: string): boolean {
  const [sum, { of: count, times }] = [withoutDefault(total, query), timesOf(taken, query)];
  const [series, counted] = [argumentsOf(sum)[0], argumentsOf(count)[0]];
  if (aggregationOf(sum, query) !== 'sum' || aggregationOf(count, query) !== 'count') return false;
  if (series === undefined || counted === undefined || !isAlike(sum, count, query)) return false;
  const [, operator, bound] = childrenOf(plain(series));
  const isAbove = operator?.name === 'Gtr' || operator?.name === 'Gte';
  const limit = bound === undefined ? NaN : numberOf(bound, query);
  return isAbove && times >= 0 && times <= limit && plain(series).getChild('BoolModifier') === null;
}

/** Whether two aggregations are of the same series and in the same groups. */
function isAlike(a: SyntaxNode, b: SyntaxNode, query: string): boolean {
  const [ofA, ofB] = [a, b].map((node) => [node.getChild('AggregateModifier'), argumentsOf(node)[0] ?? null]);
  return [0, 1].every(
    (at) => canonical(textOf(ofA?.[at] ?? null, query)) === canonical(textOf(ofB?.[at] ?? null, query)),
  );
}

/** What is multiplied by a number that is written, and by which. */
function timesOf(node: SyntaxNode, query: string): { readonly of: SyntaxNode; readonly times: number } {
  const product = withoutDefault(node, query);
  const [first, operator, last] = [childrenOf(product)[0], childrenOf(product)[1]?.name, childrenOf(product).at(-1)];
  if (product.name !== 'BinaryExpr' || operator !== 'Mul' || first === undefined || last === undefined)
    return { of: product, times: 1 };
  const [left, right] = [numberOf(first, query), numberOf(last, query)];
  if (Number.isNaN(left) === Number.isNaN(right)) return { of: product, times: 1 };
  const { of, times } = timesOf(Number.isNaN(left) ? first : last, query);
  return { of, times: times * (Number.isNaN(left) ? right : left) };
}

/** A sum, also where a number is added to it. */
function sumIn(node: SyntaxNode, query: string): SyntaxNode {
  const sum = plain(node);
  const [first, , last] = childrenOf(sum);
  if (sum.name !== 'BinaryExpr' || first === undefined || last === undefined) return sum;
  return plain(Number.isNaN(numberOf(first, query)) ? first : last);
}

function aggregationOf(node: SyntaxNode, query: string): string {
  return textOf(node.getChild('AggregateOp'), query).toLowerCase();
}

/** What has a default, without it and without parentheses. */
function withoutDefault(node: SyntaxNode, query: string): SyntaxNode {
  const inner = plain(node);
  const [first, operator, last] = [childrenOf(inner)[0], childrenOf(inner)[1]?.name, childrenOf(inner).at(-1)];
  if (inner.name !== 'BinaryExpr' || operator !== 'Or' || first === undefined || last === undefined) return inner;
  return constantProblem(textOf(last, query)) === undefined ? inner : withoutDefault(first, query);
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
