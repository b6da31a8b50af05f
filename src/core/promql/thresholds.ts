import type { SyntaxNode } from '@lezer/common';
import { possibleValues } from './constant.ts';
import { isComparison, metricsIn, numberOf, presenceDependence } from './dependence.ts';
import { isScalar } from './operands.ts';
import { argumentsOf, childrenOf, functionName, textOf } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Functions whose value is on the scale of their argument. */
const SAME_SCALE: ReadonlySet<string> = new Set('abs ceil clamp_max clamp_min floor round scalar vector'.split(' '));
/** Aggregations whose value is on the scale of their series, or above it. */
const TOTALS: ReadonlySet<string> = new Set(['avg', 'max', 'min', 'sum']);

/**
 * A query without the thresholds whose default is 0: `max(x)` for `max(x > 100) or vector(0)`, which is 0 for each x up to 100, also where
 * its bar is 50. Of a sum, the largest that it leaves out: many small ones are left out on purpose. Undefined where there is none.
 *
 * What is counted, and a share of something, are on another scale than what is compared, and are meant as they are written.
 *
 * @param absentIs the value where the query has no series
 */
export function withoutThresholds(query: string, absentIs: 0 | undefined): string | undefined {
  const text = absentIs === undefined || isScalar(query) ? query : `(${query}) or vector(${absentIs})`;
  const [top] = childrenOf(treeOf(text));
  if (top === undefined) return undefined;
  const opened = new Reader(text).open(top, false);
  return opened === text ? undefined : opened;
}

class Reader {
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  /** @param hasDefault where the node has no series, the value is 0 */
  open(node: SyntaxNode, hasDefault: boolean): string {
    const children = childrenOf(node);
    const [first, last] = [children[0], children.at(-1)];
    const written = textOf(node, this.#query);
    if (first === undefined || last === undefined) return written;
    switch (node.name) {
      case 'ParenExpr':
        return this.#with(node, [first], hasDefault);
      case 'UnaryExpr':
        return this.#with(node, [last], hasDefault);
      case 'AggregateExpr':
        return this.#aggregate(node, hasDefault);
      case 'FunctionCall': {
        const [argument] = argumentsOf(node);
        const isSame = argument !== undefined && SAME_SCALE.has(functionName(node, this.#query) ?? '');
        return isSame ? this.#with(node, [argument], hasDefault) : written;
      }
      case 'BinaryExpr':
        return this.#binary(node, { first, last, operator: children[1]?.name ?? '' }, hasDefault);
      default:
        return written;
    }
  }

  #aggregate(node: SyntaxNode, hasDefault: boolean): string {
    const [series, ...others] = argumentsOf(node);
    const operator = node.getChild('AggregateOp');
    const name = textOf(operator, this.#query).toLowerCase();
    if (series === undefined || operator === null || others.length > 0 || !TOTALS.has(name))
      return textOf(node, this.#query);
    const text = this.#with(node, [series], hasDefault);
    if (name !== 'sum' || text === textOf(node, this.#query) || !hasDefault) return text;
    return `max${text.slice(operator.to - node.from)}`;
  }

  #binary(
    node: SyntaxNode,
    { first, last, operator }: { readonly first: SyntaxNode; readonly last: SyntaxNode; readonly operator: string },
    hasDefault: boolean,
  ): string {
    const [left, right] = [numberOf(first, this.#query), numberOf(last, this.#query)];
    const inner = Number.isNaN(left) ? first : last;
    switch (operator) {
      case 'Or': {
        const values = possibleValues(textOf(last, this.#query));
        const isZero = values?.low === 0 && values.high === 0;
        return isZero ? this.#with(node, [first], true) : this.#with(node, [first, last], hasDefault);
      }
      case 'And':
      case 'Unless':
        return hasDefault && this.#isOwn(first, last) ? this.open(first, true) : this.#with(node, [first], hasDefault);
      case 'Add':
      case 'Sub':
        return this.#with(node, [first, last], hasDefault);
      case 'Mul':
      case 'Div':
        if (Number.isNaN(left) === Number.isNaN(right) || (operator === 'Div' && inner === last)) break;
        return this.#with(node, [inner], hasDefault);
      default:
        if (!isComparison(operator) || node.getChild('BoolModifier') !== null) break;
        if (Number.isNaN(left) === Number.isNaN(right)) break;
        // What is equal to something is picked on purpose.
        if (!hasDefault || operator === 'Eql' || operator === 'Neq') return this.#with(node, [inner], hasDefault);
        return this.open(inner, true);
    }
    return textOf(node, this.#query);
  }

  /** Whether a set keeps series by their own values. */
  #isOwn(first: SyntaxNode, last: SyntaxNode): boolean {
    const { rises, falls } = presenceDependence(last, this.#query, metricsIn(first, this.#query));
    return rises !== falls;
  }

  /** The text of a node with parts of it opened, which are in their order. */
  #with(node: SyntaxNode, parts: readonly SyntaxNode[], hasDefault: boolean): string {
    let [text, at] = ['', node.from];
    for (const part of parts) {
      text += this.#query.slice(at, part.from) + this.open(part, hasDefault);
      at = part.to;
    }
    return text + this.#query.slice(at, node.to);
  }
}
