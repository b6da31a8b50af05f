import type { SyntaxNode } from '@lezer/common';
import { selectorAt } from './needs.ts';
import { literalSeconds } from './range.ts';
import { argumentsOf, childrenOf, functionName, textOf, walk } from './syntax.ts';

/** How a number, or whether there is one, follows the values of some metrics. Neither: it does not depend on them. Both: in an unknown way. */
export interface Dependence {
  readonly rises: boolean;
  readonly falls: boolean;
}

const NONE: Dependence = { rises: false, falls: false };
const UNKNOWN: Dependence = { rises: true, falls: true };

/** Functions that are the greater, the greater their arguments are. */
const RISING: ReadonlySet<string> = new Set(
  (
    'asinh atan avg_over_time ceil clamp clamp_max clamp_min deg delta deriv exp first_over_time floor histogram_quantile ' +
    'idelta increase info irate label_join label_replace last_over_time ln log10 log2 max_over_time min_over_time ' +
    'predict_linear quantile_over_time rad rate round scalar sgn sinh sort sort_by_label sort_by_label_desc sort_desc sqrt ' +
    'sum_over_time tanh vector'
  ).split(' '),
);
/** Functions and aggregations that ask only which series there are. */
const BY_PRESENCE: ReadonlySet<string> = new Set(['count_over_time', 'present_over_time', 'count', 'group']);
const ABSENT: ReadonlySet<string> = new Set(['absent', 'absent_over_time']);
const RISING_AGGREGATIONS: ReadonlySet<string> = new Set(
  'avg bottomk limit_ratio limitk max min quantile sum topk'.split(' '),
);

/** The names of the metrics below a node; a selector without a name as it is written. */
export function metricsIn(node: SyntaxNode, query: string): ReadonlySet<string> {
  const found = new Set<string>();
  walk(node, (inner) => {
    if (inner.name === 'VectorSelector') found.add(metricOf(inner, query));
  });
  return found;
}

/** The opposite. */
export function inverse({ rises, falls }: Dependence): Dependence {
  return { rises: falls, falls: rises };
}

/** How the value of an expression follows the values of metrics. */
export function valueDependence(node: SyntaxNode, query: string, metrics: ReadonlySet<string>): Dependence {
  return new Reader(query, metrics).value(node);
}

/** How it follows the values of metrics whether an expression has a series. */
export function presenceDependence(node: SyntaxNode, query: string, metrics: ReadonlySet<string>): Dependence {
  return new Reader(query, metrics).presence(node);
}

/** Whether an operator compares, by the name of its node. */
export function isComparison(operator: string): boolean {
  return ['Gtr', 'Gte', 'Lss', 'Lte', 'Neq', 'Eql'].includes(operator);
}

class Reader {
  readonly #query: string;
  readonly #metrics: ReadonlySet<string>;

  constructor(query: string, metrics: ReadonlySet<string>) {
    this.#query = query;
    this.#metrics = metrics;
  }

  value(node: SyntaxNode): Dependence {
    const children = childrenOf(node);
    const [first, last] = [children[0], children.at(-1)];
    if (node.name === 'VectorSelector')
      return this.#metrics.has(metricOf(node, this.#query)) ? { rises: true, falls: false } : NONE;
    if (first === undefined || last === undefined) return NONE;
    switch (node.name) {
      case 'UnaryExpr':
        return textOf(first, this.#query) === '-' ? inverse(this.value(last)) : this.value(last);
      case 'AggregateExpr': {
        const name = textOf(node.getChild('AggregateOp'), this.#query).toLowerCase();
        const series = argumentsOf(node).at(-1);
        if (series === undefined) return NONE;
        if (BY_PRESENCE.has(name)) return this.presence(series);
        const inner = both(this.value(series), this.presence(series));
        return RISING_AGGREGATIONS.has(name) ? inner : unknownIf(inner);
      }
      case 'FunctionCall': {
        const name = functionName(node, this.#query) ?? '';
        const inner = argumentsOf(node);
        if (ABSENT.has(name)) return inverse(this.#all(inner, (one) => this.presence(one)));
        if (BY_PRESENCE.has(name)) return this.#all(inner, (one) => this.presence(one));
        const of = this.#all(inner, (one) => this.value(one));
        return RISING.has(name) ? of : unknownIf(of);
      }
      case 'BinaryExpr':
        return this.#binary(children[1]?.name ?? '', first, last, node.getChild('BoolModifier') !== null);
      default:
        return this.value(first);
    }
  }

  presence(node: SyntaxNode): Dependence {
    const children = childrenOf(node);
    const [first, last] = [children[0], children.at(-1)];
    if (node.name === 'VectorSelector' || first === undefined || last === undefined) return NONE;
    switch (node.name) {
      case 'AggregateExpr': {
        const series = argumentsOf(node).at(-1);
        if (series === undefined) return NONE;
        const inner = this.presence(series);
        const name = textOf(node.getChild('AggregateOp'), this.#query).toLowerCase();
        if (name === 'topk') return both(inner, this.value(series));
        if (name === 'bottomk') return both(inner, inverse(this.value(series)));
        return name.startsWith('limit') ? both(inner, unknownIf(this.value(series))) : inner;
      }
      case 'FunctionCall': {
        const inner = this.#all(argumentsOf(node), (one) => this.presence(one));
        return ABSENT.has(functionName(node, this.#query) ?? '') ? inverse(inner) : inner;
      }
      case 'UnaryExpr':
        return this.presence(last);
      case 'BinaryExpr': {
        const operator = children[1]?.name ?? '';
        const [left, right] = [this.presence(first), this.presence(last)];
        if (operator === 'Unless') return both(left, inverse(right));
        const isFilter = isComparison(operator) && node.getChild('BoolModifier') === null;
        return both(both(left, right), isFilter ? this.#compared(operator, first, last) : NONE);
      }
      default:
        return this.presence(first);
    }
  }

  #binary(operator: string, first: SyntaxNode, last: SyntaxNode, isBool: boolean): Dependence {
    const [left, right] = [this.value(first), this.value(last)];
    if (isComparison(operator)) return isBool ? this.#compared(operator, first, last) : both(left, right);
    switch (operator) {
      case 'Add':
      case 'Or':
        return both(left, right);
      case 'Sub':
      case 'Div':
        return both(left, inverse(right));
      case 'Mul': {
        const negative = [first, last].some((side) => numberOf(side, this.#query) < 0);
        return negative ? inverse(both(left, right)) : both(left, right);
      }
      case 'And':
      case 'Unless':
        return left;
      default:
        return unknownIf(both(left, right));
    }
  }

  /** How it follows the values whether a comparison is true. */
  #compared(operator: string, first: SyntaxNode, last: SyntaxNode): Dependence {
    const [left, right] = [this.value(first), this.value(last)];
    if (operator.startsWith('G')) return both(left, inverse(right));
    return operator.startsWith('L') ? both(inverse(left), right) : unknownIf(both(left, right));
  }

  #all(nodes: readonly SyntaxNode[], read: (node: SyntaxNode) => Dependence): Dependence {
    return nodes.map(read).reduce(both, NONE);
  }
}

/** The number that is written, with a sign and in parentheses or without; NaN where it is none. */
export function numberOf(node: SyntaxNode, query: string): number {
  const inner = childrenOf(node).at(-1);
  if (node.name === 'ParenExpr' && inner !== undefined) return numberOf(inner, query);
  if (node.name === 'UnaryExpr' && inner !== undefined)
    return (textOf(node.firstChild, query) === '-' ? -1 : 1) * numberOf(inner, query);
  return node.name === 'NumberDurationLiteral' ? literalSeconds(textOf(node, query)) : NaN;
}

function both(a: Dependence, b: Dependence): Dependence {
  return { rises: a.rises || b.rises, falls: a.falls || b.falls };
}

function unknownIf({ rises, falls }: Dependence): Dependence {
  return rises || falls ? UNKNOWN : NONE;
}

function metricOf(selector: SyntaxNode, query: string): string {
  const { name, text } = selectorAt(selector, query);
  return name ?? text;
}
