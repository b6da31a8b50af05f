import { parser } from '@prometheus-io/lezer-promql';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';

/** A `rate()` or the like over a counter. */
export interface RateUse {
  readonly call: string;
  readonly selector: string;
  /** The range as written, without brackets. */
  readonly range: string;
  /** It has `offset` or `@`, or the range is of a subquery. */
  readonly moved: boolean;
}

/** Functions over a range that take a series' first value in it as where counting began. */
const RATES: ReadonlySet<string> = new Set(['rate', 'increase', 'irate']);

/** Every rate of a query once. */
export function ratesOf(query: string): readonly RateUse[] {
  const found = new Map<string, RateUse>();
  walk(parser.parse(query).topNode, (node) => {
    const name = functionName(node, query);
    if (name === undefined || !RATES.has(name)) return;
    const call = textOf(node, query);
    const [argument] = childrenOf(node.getChild('FunctionCallBody'));
    if (argument === undefined) return;
    const plain = argument.name === 'MatrixSelector';
    const matrix = plain ? argument : undefined;
    found.set(call, {
      call,
      selector: textOf(matrix?.getChild('VectorSelector') ?? null, query),
      range: textOf(matrix?.getChild('DurationExpr') ?? null, query),
      moved: !plain,
    });
  });
  return [...found.values()];
}
