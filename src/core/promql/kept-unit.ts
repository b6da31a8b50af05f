import type { SyntaxNode } from '@lezer/common';
import { numberOf } from './dependence.ts';
import { selectorAt, selectorsOf } from './needs.ts';
import { argumentsOf, childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Where the unit of a value comes from: a metric of that name, or a division by which it is a share of 1. */
export type KeptUnit = { readonly metric: string } | 'share';

/** Functions and aggregations whose value has the unit of their last argument. */
const KEEP: ReadonlySet<string> = new Set(
  (
    'abs avg bottomk ceil delta first_over_time floor idelta increase label_join label_replace ' +
    'last_over_time limitk max max_over_time min min_over_time quantile quantile_over_time avg_over_time round scalar ' +
    'sort sort_desc sum topk vector clamp clamp_max clamp_min'
  ).split(' '),
);
/** Those whose series are their first argument. */
const OF_FIRST: ReadonlySet<string> = new Set('clamp clamp_max clamp_min label_join label_replace round'.split(' '));
const COMPARISONS: ReadonlySet<string> = new Set(['Gtr', 'Gte', 'Lss', 'Lte', 'Neq', 'Eql']);
/** Names of metrics that are no shares of 1, or parts of them. */
const IN_PERCENT = /percent|pct/i;

/**
 * What the unit of a query's value is that of, as far as nothing in the query changes it: `max(x_seconds)` is in seconds, and
 * `max(x_seconds) * 1000` is not. Undefined where it is not known.
 */
export function keptUnit(query: string): KeptUnit | undefined {
  const [top] = childrenOf(treeOf(query));
  return top === undefined ? undefined : new Reader(query).unitOf(top);
}

class Reader {
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  unitOf(node: SyntaxNode): KeptUnit | undefined {
    const children = childrenOf(node);
    const [first, last] = [children[0], children.at(-1)];
    if (node.name === 'VectorSelector') {
      return metricOf(selectorAt(node, this.#query).name);
    }
    if (first === undefined || last === undefined) return undefined;
    switch (node.name) {
      case 'UnaryExpr':
        return this.unitOf(last);
      case 'AggregateExpr':
      case 'FunctionCall': {
        const name = functionName(node, this.#query) ?? textOf(node.getChild('AggregateOp'), this.#query).toLowerCase();
        const given = argumentsOf(node);
        // Its value is a bound of a bucket, whatever is counted in the buckets.
        if (name === 'histogram_quantile') return metricOf(selectorsOf(textOf(node, this.#query))[0]?.name);
        const series = OF_FIRST.has(name) ? given[0] : given.at(-1);
        return KEEP.has(name) && series !== undefined ? this.unitOf(series) : undefined;
      }
      case 'BinaryExpr':
        return this.#ofOperation(children[1]?.name ?? '', {
          first,
          last,
          isBool: node.getChild('BoolModifier') !== null,
        });
      default:
        return this.unitOf(first);
    }
  }

  #ofOperation(
    operator: string,
    { first, last, isBool }: { readonly first: SyntaxNode; readonly last: SyntaxNode; readonly isBool: boolean },
  ): KeptUnit | undefined {
    const [left, right] = [first, last].map((side) => this.unitOf(side));
    const [isLeftNumber, isRightNumber] = [first, last].map((side) => !Number.isNaN(numberOf(side, this.#query)));
    if (COMPARISONS.has(operator)) return isBool ? undefined : isLeftNumber ? right : left;
    switch (operator) {
      case 'And':
      case 'Unless':
        return left;
      case 'Add':
      case 'Sub':
      case 'Or':
        if (isLeftNumber) return right;
        return isRightNumber || isDefault(last, this.#query) ? left : (left ?? right);
      case 'Div':
        return isLeftNumber || isRightNumber ? undefined : this.#share(first, last);
      default:
        return undefined;
    }
  }

  /** A quotient is a share of 1, unless it is multiplied within, or made of what is in percent. */
  #share(first: SyntaxNode, last: SyntaxNode): KeptUnit | undefined {
    // A sum by how many there are is a mean, and has the unit of what is divided.
    const mean = isCount(last, this.#query) ? this.unitOf(first) : undefined;
    if (mean !== undefined) return mean;
    let isScaled = false;
    for (const side of [first, last]) {
      isScaled ||= selectorsOf(textOf(side, this.#query)).some(
        ({ name = '%' }) => IN_PERCENT.test(name) || name === '%',
      );
      walk(side, (inner) => {
        isScaled ||= ['Mul', 'Div', 'Pow'].includes(childrenOf(inner)[1]?.name ?? '');
      });
    }
    return isScaled ? undefined : 'share';
  }
}

function metricOf(name: string | undefined): KeptUnit | undefined {
  return name === undefined ? undefined : { metric: name };
}

function isCount(node: SyntaxNode, query: string): boolean {
  const [inner] = childrenOf(node);
  if (node.name === 'ParenExpr' && inner !== undefined) return isCount(inner, query);
  if (functionName(node, query) === 'scalar') return argumentsOf(node).some((one) => isCount(one, query));
  return textOf(node.getChild('AggregateOp'), query).toLowerCase() === 'count';
}

/** `vector(0)` and the like have no unit of their own. */
function isDefault(node: SyntaxNode, query: string): boolean {
  return selectorsOf(textOf(node, query)).length === 0;
}
