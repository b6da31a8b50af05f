import { rangesOfCall, type Ranged } from './ranged.ts';
import { functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Functions whose value grows with the number of samples in the range. */
const BY_SAMPLES: ReadonlySet<string> = new Set(['count_over_time', 'sum_over_time']);

/** The ranges whose samples a query adds up, or counts without asking only whether there is one. */
export function sampleTotals(query: string): readonly Ranged[] {
  const found = new Map<string, Ranged>();
  walk(treeOf(query), (node) => {
    const around = node.parent?.parent;
    const aggregation = around?.name === 'AggregateExpr' ? textOf(around.getChild('AggregateOp'), query) : '';
    if (!BY_SAMPLES.has(functionName(node, query) ?? '') || isCounted(aggregation)) return;
    for (const one of rangesOfCall(node, query, true))
      if (!one.isOfSteps) found.set(`${one.range} ${one.offsetMs} ${one.fixedMs}`, one);
  });
  return [...found.values()];
}

/** Whether only the number of series counts. */
function isCounted(aggregation: string): boolean {
  return ['count', 'group'].includes(aggregation.toLowerCase());
}
