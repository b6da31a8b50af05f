import type { SyntaxNode } from '@lezer/common';
import type { PromqlType } from './functions.ts';
import { checkGrouping } from './check-selector.ts';
import type { Report } from './string-literal.ts';
import { childrenOf, textOf } from './syntax.ts';

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const SETS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);

/** Checks an operator between two operands of known types; gives the type of the whole. */
export function checkBinary(
  node: SyntaxNode,
  left: PromqlType,
  right: PromqlType,
  query: string,
  report: Report,
): PromqlType {
  const [first, sign] = childrenOf(node);
  const operator = textOf(sign ?? null, query).toLowerCase();
  const at = sign?.from ?? node.from;
  for (const [type, side] of [
    [left, first],
    [right, childrenOf(node).at(-1)],
  ] as const) {
    if (type === 'matrix')
      report(`${operator} takes no range of values: put it into rate(), max_over_time() or the like`, side?.from ?? at);
    if (type === 'string') report(`${operator} takes no text`, side?.from ?? at);
  }
  const scalars = [left, right].filter((type) => type === 'scalar').length;
  const bool = node.getChild('BoolModifier');
  if (bool !== null && !COMPARISONS.has(operator)) report(`bool belongs to comparisons, not to ${operator}`, bool.from);
  if (bool === null && scalars === 2 && COMPARISONS.has(operator))
    report(`two numbers are compared with ${operator} bool`, at);
  if (SETS.has(operator) && scalars > 0) report(`${operator} takes series on both sides, not a number`, at);
  checkMatching(node, { set: SETS.has(operator), scalars, operator }, query, report);
  return scalars === 2 ? 'scalar' : 'vector';
}

function checkMatching(
  node: SyntaxNode,
  { set, scalars, operator }: { readonly set: boolean; readonly scalars: number; readonly operator: string },
  query: string,
  report: Report,
): void {
  const fill = node.getChild('FillModifier');
  if (fill !== null && (set || scalars > 0))
    report(`fill has no meaning for ${set ? operator : 'a number'}`, fill.from);
  const matching = node.getChild('MatchingModifierClause');
  if (matching === null) return;
  for (const group of matching.getChildren('GroupingLabels')) checkGrouping(group, query, report);
  const [labels, extra] = matching.getChildren('GroupingLabels').map((group) => labelsOf(group, query));
  const group = matching.getChild('GroupLeft') ?? matching.getChild('GroupRight');
  if (set && group !== null) report(`${operator} takes no ${textOf(group, query)}`, group.from);
  if (scalars > 0 && (labels?.length ?? 0) > 0)
    report('on and ignoring match series with series, not with a number', matching.from);
  const twice = matching.getChild('On') === null ? undefined : extra?.find((label) => labels?.includes(label));
  if (twice !== undefined) report(`the label ${twice} is both in on and in ${textOf(group, query)}`, matching.from);
}

function labelsOf(group: SyntaxNode, query: string): readonly string[] {
  return childrenOf(group).map((label) => textOf(label, query).replaceAll(/^["'`]|["'`]$/g, ''));
}
