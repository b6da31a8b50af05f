import { childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Functions over the range of a gauge that give nothing for a series with one sample in it. Those of counters have checks of their own. */
const NEED_TWO: ReadonlySet<string> = new Set(['delta', 'deriv', 'idelta', 'predict_linear']);

/** The range selectors of which a query leaves out series with one sample. */
export function rangesOfTwo(query: string): readonly string[] {
  const found = new Set<string>();
  walk(treeOf(query), (node) => {
    if (!NEED_TWO.has(functionName(node, query) ?? '')) return;
    const [range] = childrenOf(node.getChild('FunctionCallBody'));
    if (range?.name === 'MatrixSelector') found.add(textOf(range, query));
  });
  return [...found];
}
