import type { SyntaxNode } from '@lezer/common';
import { selectorsOf } from './needs.ts';
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

/** Functions that look at the last two samples of their range. */
const LAST_TWO: ReadonlySet<string> = new Set(['idelta', 'irate']);

/** A range selector whose changes a query shows. */
export interface ChangeRange {
  readonly call: string;
  readonly range: string;
  readonly selector: string;
  /** The range as written, without brackets. */
  readonly duration: string;
  /** Its value is not below 0. */
  readonly grows: boolean;
}

/** The ranges of which a query shows how much their series changed. */
export function changeRanges(query: string): readonly ChangeRange[] {
  const found = new Map<string, ChangeRange>();
  const add = (call: SyntaxNode, selector: string, duration: string, grows: boolean): void => {
    const range = `${selector}[${duration}]`;
    found.set(`${range} ${textOf(call, query)}`, { call: textOf(call, query), range, selector, duration, grows });
  };
  walk(treeOf(query), (node) => {
    const name = functionName(node, query) ?? '';
    if (CHANGES.has(name)) {
      for (const { selector, duration } of rangesIn(node, query)) add(node, selector, duration, NOT_NEGATIVE.has(name));
    }
    // The highest less the lowest: how far a gauge moved.
    if (node.name !== 'BinaryExpr' || node.getChild('Sub') === null) return;
    const [left, right] = [childrenOf(node)[0], childrenOf(node).at(-1)].map((side) =>
      side === undefined ? [] : matricesBelow(side, query),
    );
    for (const { selector, duration } of left ?? []) {
      if (right?.some((one) => one.selector === selector && one.duration === duration) === true)
        add(node, selector, duration, true);
    }
  });
  return [...found.values()];
}

interface Range {
  readonly selector: string;
  readonly duration: string;
}

/** The range of a call: of a selector, or of the selectors of a subquery that is no total. */
function rangesIn(call: SyntaxNode, query: string): readonly Range[] {
  const [range] = childrenOf(call.getChild('FunctionCallBody'));
  if (range?.name === 'MatrixSelector') return [rangeOf(range, query)];
  const [inner] = range === undefined ? [] : childrenOf(range);
  if (range?.name !== 'SubqueryExpr' || inner === undefined || inner.name === 'AggregateExpr') return [];
  const duration = textOf(range.getChild('DurationExpr'), query);
  return selectorsOf(textOf(inner, query)).map(({ text }) => ({ selector: text, duration }));
}

function rangeOf(range: SyntaxNode, query: string): Range {
  return {
    selector: textOf(range.getChild('VectorSelector'), query),
    duration: textOf(range.getChild('DurationExpr'), query),
  };
}

function matricesBelow(node: SyntaxNode, query: string): readonly Range[] {
  const found: Range[] = [];
  walk(node, (inner) => {
    if (/^(?:max|min)_over_time$/.test(functionName(inner, query) ?? '')) found.push(...rangesIn(inner, query));
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
export function rangesOfTwo(query: string): readonly string[] {
  const found = new Set<string>();
  walk(treeOf(query), (node) => {
    if (!NEED_TWO.has(functionName(node, query) ?? '')) return;
    const [range] = childrenOf(node.getChild('FunctionCallBody'));
    if (range?.name === 'MatrixSelector') found.add(textOf(range, query));
  });
  return [...found];
}
