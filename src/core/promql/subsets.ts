import type { SyntaxNode } from '@lezer/common';
import { canonical } from './canonical.ts';
import { numberOf } from './dependence.ts';
import { arithmetic, only, TRUTH, type Interval } from './interval.ts';
import { isScalar } from './operands.ts';
import { isPart } from './part-of.ts';
import { argumentsOf, childrenOf, functionName, textOf } from './syntax.ts';

/** Aggregations that keep some of the series. */
const KEEP_SERIES: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);
/** What is moved or taken over a time is a part of what is moved in the same way. */
const AROUND: ReadonlySet<string> = new Set(['MatrixSelector', 'OffsetExpr', 'StepInvariantExpr']);

/**
 * What the quotient of two totals can be where one is over a part of the other's series: `count(x > 5) / count(x)`. Undefined where it is not.
 * @param read what a part of the query can be
 */
export function shareOf(
  dividend: SyntaxNode,
  divisor: SyntaxNode,
  query: string,
  read: (node: SyntaxNode) => Interval,
): Interval | undefined {
  const scaled = scaleOf(dividend, query);
  if (scaled !== undefined) {
    const share = shareOf(scaled.of, divisor, query, read);
    return share === undefined ? undefined : arithmetic('*', share, only(scaled.by));
  }
  const [part, whole] = [totalOf(dividend, query), totalOf(divisor, query)];
  if (part === undefined || whole === undefined || part.grouping !== whole.grouping) return undefined;
  if (!isSubset(part.series, whole.series, query, whole.name === 'sum')) return undefined;
  if (whole.name === 'sum') return part.name === 'sum' && read(whole.series).low >= 0 ? TRUTH : undefined;
  if (part.name === 'count') return TRUTH;
  const { low, high } = read(part.series);
  return { low: Math.min(0, low), high: Math.max(0, high) };
}

/** What is multiplied by a number that is written, or divided by one. */
function scaleOf(node: SyntaxNode, query: string): { readonly of: SyntaxNode; readonly by: number } | undefined {
  const product = plain(node);
  const [first, operator, last] = [childrenOf(product)[0], childrenOf(product)[1]?.name, childrenOf(product).at(-1)];
  if (product.name !== 'BinaryExpr' || first === undefined || last === undefined) return undefined;
  const [left, right] = [numberOf(first, query), numberOf(last, query)];
  if (operator === 'Mul' && !Number.isNaN(left)) return { of: last, by: left };
  if ((operator !== 'Mul' && operator !== 'Div') || Number.isNaN(right)) return undefined;
  return { of: first, by: operator === 'Mul' ? right : 1 / right };
}

interface Total {
  readonly name: string;
  readonly grouping: string;
  readonly series: SyntaxNode;
}

/** A sum or a count. */
function totalOf(node: SyntaxNode, query: string): Total | undefined {
  const total = plain(node);
  const name = textOf(total.getChild('AggregateOp'), query).toLowerCase();
  const series = argumentsOf(total).at(-1);
  if ((name !== 'sum' && name !== 'count') || series === undefined) return undefined;
  return { name, grouping: canonical(textOf(total.getChild('AggregateModifier'), query)), series };
}

/**
 * Whether each series of an expression is certainly one of another's, as their syntax shows: `x > 5` and `x{a="b"}` are parts of `x`.
 * @param withValues its values are the same as well: those of `x > bool 5` are not
 */
function isSubset(part: SyntaxNode, whole: SyntaxNode, query: string, withValues: boolean): boolean {
  const [a, b] = [plain(part), plain(whole)];
  if (canonical(textOf(a, query)) === canonical(textOf(b, query))) return true;
  const children = childrenOf(a);
  const [first, last] = [children[0], children.at(-1)];
  if (a.name === 'VectorSelector' && b.name === 'VectorSelector') return isPart(textOf(a, query), textOf(b, query));
  if (first === undefined || last === undefined) return false;
  const inner = childrenOf(b)[0];
  if (AROUND.has(a.name)) {
    const isAlike = a.name === b.name && textOf(a, query).slice(first.to - a.from) === rest(b, query);
    return isAlike && inner !== undefined && isSubset(first, inner, query, withValues);
  }
  if (a.name === 'AggregateExpr') {
    const name = textOf(a.getChild('AggregateOp'), query).toLowerCase();
    const series = argumentsOf(a).at(-1);
    return KEEP_SERIES.has(name) && series !== undefined && isSubset(series, b, query, withValues);
  }
  if (a.name === 'FunctionCall') {
    if (functionName(a, query) !== functionName(b, query)) return false;
    const [ofPart, ofWhole] = [argumentsOf(a), argumentsOf(b)];
    return (
      ofPart.length === ofWhole.length &&
      ofPart.every((one, index) => isSubset(one, ofWhole[index] ?? one, query, withValues))
    );
  }
  return a.name === 'BinaryExpr' && isOperationOf(a, { first, last }, b, query, withValues);
}

function isOperationOf(
  operation: SyntaxNode,
  { first, last }: { readonly first: SyntaxNode; readonly last: SyntaxNode },
  whole: SyntaxNode,
  query: string,
  withValues: boolean,
): boolean {
  const sign = childrenOf(operation)[1]?.name ?? '';
  // With group_right a series of the left side may be there several times.
  if (sign === 'Or' || operation.getChild('MatchingModifierClause')?.getChild('GroupRight') != null) return false;
  if (sign === 'And' || sign === 'Unless') return isSubset(first, whole, query, withValues);
  const keepsValues =
    ['Gtr', 'Gte', 'Lss', 'Lte', 'Neq', 'Eql'].includes(sign) && operation.getChild('BoolModifier') === null;
  if (withValues && !keepsValues) return false;
  const isRight = isScalar(textOf(first, query));
  return isSubset(isRight ? last : first, whole, query, withValues);
}

function plain(node: SyntaxNode): SyntaxNode {
  const [inner] = childrenOf(node);
  return node.name === 'ParenExpr' && inner !== undefined ? plain(inner) : node;
}

function rest(node: SyntaxNode, query: string): string {
  const [first] = childrenOf(node);
  return first === undefined ? '' : textOf(node, query).slice(first.to - node.from);
}
