import { treeOf } from './tree.ts';
import { selectorsOf } from './needs.ts';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';

/** Functions over a range that have checks of their own, or that look at one sample only. */
const OTHERS: ReadonlySet<string> = new Set([
  'rate',
  'increase',
  'irate',
  'resets',
  'last_over_time',
  'count_over_time',
]);

/**
 * The ranges over which a query looks at the values of gauges, as range selectors: `max_over_time(x[5m])` looks at `x[5m]`, and
 * `avg_over_time(sum(x)[5m:1s])` too. What happened between two samples, and in a gap of them, is in none of these values.
 */
export function gaugeRanges(query: string): readonly string[] {
  const found = new Set<string>();
  walk(treeOf(query), (node) => {
    const name = functionName(node, query);
    if (name === undefined || OTHERS.has(name)) return;
    for (const argument of childrenOf(node.getChild('FunctionCallBody'))) {
      walk(argument, (inner) => {
        if (inner.name === 'MatrixSelector' && inner.parent?.name !== 'OffsetExpr' && inner === argument)
          found.add(textOf(inner, query));
        if (inner.name !== 'SubqueryExpr') return;
        const [expression] = childrenOf(inner);
        const range = textOf(inner.getChild('DurationExpr'), query);
        for (const { text } of selectorsOf(textOf(expression ?? null, query))) found.add(`${text}[${range}]`);
      });
    }
  });
  return [...found];
}
