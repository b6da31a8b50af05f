import type { SyntaxNode } from '@lezer/common';
import { selectorsOf } from './needs.ts';
import { literalSeconds } from './range.ts';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Functions that give a series for each that had a sample in the range, however long ago. */
const HOLD: ReadonlySet<string> = new Set(['last_over_time', 'present_over_time', 'count_over_time']);

/** Those of them that may hold the series of a subquery. */
const OF_STEPS: ReadonlySet<string> = new Set(['last_over_time', 'present_over_time']);

/** Functions that give a value for a series that has ended, too. Added up, it counts beside the series that replaced it. */
const OF_ENDED: ReadonlySet<string> = new Set([
  'avg_over_time',
  'max_over_time',
  'min_over_time',
  'quantile_over_time',
]);

/** A range selector, and the selector in it. */
export interface HeldRange {
  readonly range: string;
  readonly selector: string;
}

/**
 * Ranges whose series count although they may have ended, e.g. `last_over_time(x[5m])`. Where the query also has the selector
 * without a range, it compares what there was with what there is.
 */
export function heldRanges(query: string): readonly HeldRange[] {
  const { held, present } = heldAndPresent(query);
  return held.filter(({ selector }) => !present.has(selector));
}

/** The selectors that a query compares with what they had before, e.g. `count(last_over_time(x[5m])) - count(x)`. */
export function comparedWithBefore(query: string): readonly string[] {
  const { held, present } = heldAndPresent(query);
  return held.map(({ selector }) => selector).filter((selector) => present.has(selector));
}

function heldAndPresent(query: string): { readonly held: readonly HeldRange[]; readonly present: ReadonlySet<string> } {
  const held = new Map<string, HeldRange>();
  const present = new Set<string>();
  walk(treeOf(query), (node) => {
    const name = functionName(node, query) ?? '';
    if (node.name === 'VectorSelector' && !isHeld(node, query)) present.add(textOf(node, query));
    if (!HOLD.has(name) && !(OF_ENDED.has(name) && isAddedUp(node, query))) return;
    const argument = childrenOf(node.getChild('FunctionCallBody')).at(-1);
    const ranged = argument?.name === 'OffsetExpr' ? childrenOf(argument)[0] : argument;
    if (argument === undefined || ranged === undefined) return;
    if (ranged.name !== 'MatrixSelector' && !(OF_STEPS.has(name) && isOfSeries(ranged))) return;
    for (const { text: selector } of selectorsOf(textOf(ranged, query))) {
      const range = `${selector}[${textOf(ranged.getChild('DurationExpr'), query)}]${query.slice(ranged.to, argument.to)}`;
      held.set(range, { range, selector });
    }
  });
  return { held: [...held.values()], present };
}

/** A subquery with a range and a step that are written as numbers. */
export interface Subquery {
  readonly inner: string;
  readonly range: string;
  readonly step: string;
  readonly rangeMs: number;
  readonly stepMs: number;
  /** The inner expression gives one value as long as there is any series. */
  readonly isTotal: boolean;
}

/** Functions that ask whether there were values at all. */
const ASKS_PRESENCE: ReadonlySet<string> = new Set(['absent_over_time', 'present_over_time', 'count_over_time']);

/** The subqueries that a query calculates values over. What their expression does not give at a step is in none of them. */
export function subqueries(query: string): readonly Subquery[] {
  const found: Subquery[] = [];
  walk(treeOf(query), (node) => {
    const name = functionName(node, query);
    if (name === undefined || ASKS_PRESENCE.has(name)) return;
    for (const argument of childrenOf(node.getChild('FunctionCallBody'))) {
      if (argument.name !== 'SubqueryExpr') continue;
      const [inner] = childrenOf(argument);
      const [range = '', step = ''] = argument.getChildren('DurationExpr').map((part) => textOf(part, query));
      const [rangeMs, stepMs] = [range, step].map((text) => Math.round(literalSeconds(text) * 1_000));
      if (inner === undefined || rangeMs === undefined || stepMs === undefined || !(rangeMs > 0) || !(stepMs > 0))
        continue;
      found.push({ inner: textOf(inner, query), range, step, rangeMs, stepMs, isTotal: isTotal(inner) });
    }
  });
  return found;
}

function isTotal(node: SyntaxNode): boolean {
  const [first] = childrenOf(node);
  if (node.name === 'ParenExpr') return first !== undefined && isTotal(first);
  return node.name === 'AggregateExpr' && node.getChild('AggregateModifier') === null;
}

/** Whether `sum()` or `count()` is directly around a call. */
function isAddedUp(call: SyntaxNode, query: string): boolean {
  let around = call.parent;
  while (around !== null && (around.name === 'ParenExpr' || around.name === 'FunctionCallBody')) around = around.parent;
  if (around?.name !== 'AggregateExpr') return false;
  return ['sum', 'count'].includes(textOf(around.getChild('AggregateOp'), query).toLowerCase());
}

/** Whether a subquery has the series of its expression, and no total of them. */
function isOfSeries(node: SyntaxNode): boolean {
  const [inner] = childrenOf(node);
  return node.name === 'SubqueryExpr' && inner !== undefined && !isTotal(inner);
}

/** Whether a selector is read over a range, or by a subquery that holds its series. */
function isHeld(selector: SyntaxNode, query: string): boolean {
  if (selector.parent?.name === 'MatrixSelector') return true;
  for (let around = selector.parent; around !== null; around = around.parent)
    if (OF_STEPS.has(functionName(around, query) ?? '')) return true;
  return false;
}
