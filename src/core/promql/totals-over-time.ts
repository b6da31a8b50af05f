import { childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Functions whose value grows with the number of samples in the range. */
const BY_SAMPLES: ReadonlySet<string> = new Set(['count_over_time', 'sum_over_time']);

/** A range whose samples a query adds up or counts. */
export interface SampleTotal {
  readonly range: string;
  readonly selector: string;
  /** The range as written, without brackets. */
  readonly duration: string;
}

/** The ranges whose samples a query adds up, or counts without asking only whether there is one. */
export function sampleTotals(query: string): readonly SampleTotal[] {
  const found = new Map<string, SampleTotal>();
  walk(treeOf(query), (node) => {
    if (
      !BY_SAMPLES.has(functionName(node, query) ?? '') ||
      isCounted(
        node.parent?.parent?.name === 'AggregateExpr' ? textOf(node.parent.parent.getChild('AggregateOp'), query) : '',
      )
    )
      return;
    const [range] = childrenOf(node.getChild('FunctionCallBody'));
    if (range?.name !== 'MatrixSelector') return;
    found.set(textOf(range, query), {
      range: textOf(range, query),
      selector: textOf(range.getChild('VectorSelector'), query),
      duration: textOf(range.getChild('DurationExpr'), query),
    });
  });
  return [...found.values()];
}

/** Whether only the number of series counts. */
function isCounted(aggregation: string): boolean {
  return ['count', 'group'].includes(aggregation.toLowerCase());
}
