import { treeOf } from './tree.ts';
import type { SyntaxNode } from '@lezer/common';
import { literalSeconds } from './range.ts';
import { selectorsOf, type Selector } from './needs.ts';
import { rangesOfCall, rangesOfCalls, type Ranged } from './ranged.ts';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';

/** A `rate()` or the like over a counter. */
export interface RateUse {
  readonly call: string;
  readonly selector: string;
  /** The range as written, without brackets. */
  readonly range: string;
  /** Length of the subqueries around it, ms: it looks back so much further than its range. */
  readonly withinMs: number;
  /** It has `offset` or `@`, or a subquery around it has, or the range is of a subquery. */
  readonly moved: boolean;
  /** The function is one for gauges: it leaves something out only where one of these is a counter. */
  readonly ofGauges?: readonly Selector[];
}

/** Functions over a range that take a series' first value in it as where counting began. */
const RATES: ReadonlySet<string> = new Set(['rate', 'increase', 'irate']);

const RESETS: ReadonlySet<string> = new Set(['resets']);

/** Functions for gauges. Over a counter they leave out the same, and a restart makes its growth negative. */
const OF_GAUGES: ReadonlySet<string> = new Set(['delta', 'idelta', 'deriv', 'predict_linear']);

/** Every rate of a query once. */
export function ratesOf(query: string): readonly RateUse[] {
  const found = new Map<string, RateUse>();
  walk(treeOf(query), (node) => {
    const name = functionName(node, query);
    if (name === undefined) return;
    const call = textOf(node, query);
    const [argument] = childrenOf(node.getChild('FunctionCallBody'));
    if (argument === undefined) return;
    if (!RATES.has(name) && !OF_GAUGES.has(name)) return;
    const [ranged] = rangesOfCall(node, query, false);
    const plain = ranged?.isOfSteps === false && ranged.offsetMs === 0 && ranged.fixedMs === undefined;
    const around = subqueriesAround(node, query);
    found.set(`${call} ${around.withinMs}`, {
      call,
      selector: plain ? ranged.selector : '',
      range: plain ? ranged.duration : '',
      withinMs: around.withinMs,
      moved: !plain || around.moved,
      ...(OF_GAUGES.has(name) ? { ofGauges: selectorsOf(textOf(argument, query)) } : {}),
    });
  });
  return [...found.values()];
}

/** The ranges of every `resets()` of a query. */
export function resetRanges(query: string): readonly Ranged[] {
  return rangesOfCalls(query, RESETS).filter(({ isOfSteps }) => !isOfSteps);
}

/** How much longer than its own range a call looks back, because subqueries evaluate it at earlier moments. */
function subqueriesAround(node: SyntaxNode, query: string): { readonly withinMs: number; readonly moved: boolean } {
  let withinMs = 0;
  let moved = false;
  for (let around = node.parent; around !== null; around = around.parent) {
    if (around.name === 'SubqueryExpr')
      withinMs += literalSeconds(textOf(around.getChild('DurationExpr'), query)) * 1_000;
    moved ||= around.name === 'OffsetExpr' || around.name === 'StepInvariantExpr';
  }
  return { withinMs, moved };
}
