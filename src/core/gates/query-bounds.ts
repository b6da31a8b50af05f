import { treeOf } from '../promql/tree.ts';
import type { SyntaxNode } from '@lezer/common';
import { childrenOf, functionName, textOf } from '../promql/syntax.ts';
import { highOf, lowOf, type Measure } from './measure.ts';
import { extreme } from './quantile-bounds.ts';

type Values = readonly Measure[] | number | undefined;

/**
 * The bounds of a query with `histogram_quantile`, from the bounds of each of its groups: through `max()`, `min()`, arithmetic
 * with numbers, and `or`. Undefined where the query does something else with quantiles.
 *
 * @param quantiles measures of the groups of each call, by where the call begins
 */
export function queryBounds(
  query: string,
  quantiles: ReadonlyMap<number, readonly Measure[]>,
): { readonly low: number; readonly high: number; readonly because?: string } | undefined {
  const visit = (node: SyntaxNode): Values => {
    const children = childrenOf(node);
    const [first, second] = [children[0], children.at(-1)];
    if (node.name === 'NumberDurationLiteral') return Number(textOf(node, query));
    if (node.name === 'ParenExpr') return first === undefined ? undefined : visit(first);
    if (functionName(node, query) === 'histogram_quantile') return quantiles.get(node.from);
    if (node.name === 'AggregateExpr') return aggregate(node, query, visit);
    if (node.name !== 'BinaryExpr' || first === undefined || second === undefined) return undefined;
    if (node.getChild('Or') !== null) return visit(first);
    const operator = children.find(({ name }) => ['Add', 'Sub', 'Mul', 'Div'].includes(name))?.name;
    if (operator === undefined || node.getChild('BoolModifier') !== null) return undefined;
    return calculate(operator, visit(first), visit(second));
  };
  const [top] = childrenOf(treeOf(query));
  const result = top === undefined ? undefined : visit(top);
  if (typeof result !== 'object' || result.length !== 1 || result[0] === undefined) return undefined;
  const [only] = result;
  return { low: lowOf(only), high: highOf(only), ...(only.because === undefined ? {} : { because: only.because }) };
}

function aggregate(node: SyntaxNode, query: string, visit: (node: SyntaxNode) => Values): Values {
  const operator = textOf(node.getChild('AggregateOp'), query).toLowerCase();
  const inner = childrenOf(node.getChild('FunctionCallBody')).at(-1);
  const values = inner === undefined ? undefined : visit(inner);
  if (typeof values !== 'object' || values.length === 0) return undefined;
  // Any aggregation of one value is this value. Of several groups only the ungrouped extremes are known here.
  if (values.length === 1 && ['max', 'min', 'sum', 'avg'].includes(operator)) return values;
  if (node.getChild('AggregateModifier') !== null || (operator !== 'max' && operator !== 'min')) return undefined;
  const { value, low, high, because } = extreme(values, operator);
  return [{ value, low, high: Number.isFinite(high) ? high : null, ...(because === undefined ? {} : { because }) }];
}

/** Arithmetic of measures with a number, on either side. */
function calculate(operator: string, left: Values, right: Values): Values {
  if (typeof left === 'number' && typeof right === 'number') return arithmetic(operator, left, right);
  if (typeof left === 'object' && typeof right === 'number') {
    return left.map((one) => moved(one, (value) => arithmetic(operator, value, right)));
  }
  // A number divided by a quantile is not monotonic where the quantile may be 0.
  if (typeof left === 'number' && typeof right === 'object' && operator !== 'Div') {
    return right.map((one) => moved(one, (value) => arithmetic(operator, left, value)));
  }
  return undefined;
}

function moved(measure: Measure, by: (value: number) => number): Measure {
  const ends = [by(lowOf(measure)), by(highOf(measure))];
  const high = Math.max(...ends);
  return { ...measure, value: by(measure.value), low: Math.min(...ends), high: Number.isFinite(high) ? high : null };
}

function arithmetic(operator: string, left: number, right: number): number {
  if (operator === 'Add') return left + right;
  if (operator === 'Sub') return left - right;
  return operator === 'Mul' ? left * right : left / right;
}
