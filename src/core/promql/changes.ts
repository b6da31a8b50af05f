import { rangesOfCalls, type Ranged } from './ranged.ts';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Functions over the range of a gauge that give nothing for a series with one sample in it. Those of counters have checks of their own. */
const NEED_TWO: ReadonlySet<string> = new Set([
  'delta',
  'deriv',
  'double_exponential_smoothing',
  'idelta',
  'predict_linear',
]);

/** Functions that show how much a series changed: of what was before its first sample, and after its last, they show nothing. */
const CHANGES: ReadonlySet<string> = new Set([
  'changes',
  'delta',
  'deriv',
  'idelta',
  'mad_over_time',
  'predict_linear',
  'resets',
  'stddev_over_time',
  'stdvar_over_time',
]);

/** Those of them whose value only grows with what is seen: what is left out can only hide that a maximum was passed. */
const NOT_NEGATIVE: ReadonlySet<string> = new Set([
  'changes',
  'mad_over_time',
  'resets',
  'stddev_over_time',
  'stdvar_over_time',
]);

const EXTREMES: ReadonlySet<string> = new Set(['max_over_time', 'min_over_time']);

/** Functions that look at the last two samples of their range. */
const LAST_TWO: ReadonlySet<string> = new Set(['idelta', 'irate']);

/** A range selector whose changes a query shows. */
export interface ChangeRange extends Ranged {
  /** Its value is not below 0. */
  readonly grows: boolean;
}

/** The ranges of which a query shows how much their series changed. */
export function changeRanges(query: string): readonly ChangeRange[] {
  const found: ChangeRange[] = rangesOfCalls(query, CHANGES).map((range) => ({
    ...range,
    grows: NOT_NEGATIVE.has(range.name),
  }));
  walk(treeOf(query), (node) => {
    // The highest less the lowest: how far a gauge moved.
    if (node.name !== 'BinaryExpr' || node.getChild('Sub') === null) return;
    const [left = [], right = []] = [childrenOf(node)[0], childrenOf(node).at(-1)].map((side) =>
      rangesOfCalls(textOf(side ?? null, query), EXTREMES),
    );
    for (const one of left) {
      if (right.some(({ range, offsetMs }) => range === one.range && offsetMs === one.offsetMs))
        found.push({ ...one, call: textOf(node, query), grows: true });
    }
  });
  return found;
}

/** The calls of functions that look at two samples only, whatever their range. */
export function lastTwoCalls(query: string): readonly string[] {
  const found: string[] = [];
  walk(treeOf(query), (node) => {
    if (LAST_TWO.has(functionName(node, query) ?? '')) found.push(textOf(node, query));
  });
  return found;
}

/** The range selectors of which a query leaves out series with one sample. */
export function rangesOfTwo(query: string): readonly Ranged[] {
  return rangesOfCalls(query, NEED_TWO).filter(({ isOfSteps }) => !isOfSteps);
}
