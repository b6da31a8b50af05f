import type { SyntaxNode } from '@lezer/common';
import { TYPES_KEPT } from './bounds.ts';
import { checkTypes } from './types.ts';
import { childrenOf, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** An operator between two series, with its operands as they are written. */
export interface Pairing {
  readonly left: string;
  /** The name of its node, e.g. `Add`. */
  readonly operator: string;
  readonly right: string;
  /** `on (…)` or `ignoring (…)`; empty where all labels count. */
  readonly matching: string;
  /** The side of which several series share one of the other side. Absent: each series has one of its own. */
  readonly many?: 'left' | 'right';
  /** It is in an aggregation or in an `or`, which give a value also where the operator gives none. */
  readonly isInside: boolean;
  /** What the result is multiplied by: the product is 0 where one of them is absent. */
  readonly factors: readonly string[];
}

const COMPARES = ['Gtr', 'Gte', 'Lss', 'Lte', 'Neq', 'Eql'];
const SETS = ['And', 'Or', 'Unless'];
const SUFFIXES = ['OffsetExpr', 'StepInvariantExpr', 'MatrixSelector', 'SubqueryExpr'];

/**
 * Both sides of every comparison, as expressions that give series. A comparison with NaN is false, so it drops the value that is
 * broken, or makes a healthy 0 of it with `bool`.
 */
export function comparedSides(query: string): readonly string[] {
  const found = new Set<string>();
  for (const { node, left, right } of binariesOf(query)) {
    if (!isComparison(node)) continue;
    for (const side of [left, right]) {
      const series = asSeries(side);
      if (series !== undefined) found.add(series);
    }
  }
  return [...found];
}

/** Whether an expression gives a number, and no series. */
export function isScalar(text: string): boolean {
  return typeOf(text) === 'scalar';
}

/** An operand as an expression that gives series; undefined for a number that is written. */
export function asSeries(side: string): string | undefined {
  if (typeOf(side) !== 'scalar') return side;
  return /^[\s()+-]*[\d.]/.test(side) ? undefined : `vector(${side})`;
}

/**
 * Arithmetic and comparisons between series: a series that finds no partner on the other side is left out of the result. A filter
 * around an operand is left out here, because it drops series on purpose.
 */
export function pairings(query: string): readonly Pairing[] {
  return binariesOf(query).flatMap(({ node, left, right }) => {
    if (SETS.some((name) => node.getChild(name) !== null)) return [];
    if (typeOf(left) !== 'vector' || typeOf(right) !== 'vector') return [];
    const clause = node.getChild('MatchingModifierClause');
    const labels = clause?.getChild('GroupingLabels') ?? null;
    const word = clause === null ? '' : clause.getChild('On') === null ? 'ignoring' : 'on';
    const many =
      clause?.getChild('GroupLeft') != null ? 'left' : clause?.getChild('GroupRight') != null ? 'right' : undefined;
    return [
      {
        left: unfiltered(left),
        operator: childrenOf(node)[1]?.name ?? '',
        right: unfiltered(right),
        matching: word === '' ? '' : `${word} ${textOf(labels, query)}`,
        ...(many === undefined ? {} : { many }),
        isInside: isInside(node),
        factors: factorsOf(node, query),
      } satisfies Pairing,
    ];
  });
}

function factorsOf(node: SyntaxNode, query: string): readonly string[] {
  const { parent } = node;
  if (parent === null) return [];
  const [first, last] = [childrenOf(parent)[0], childrenOf(parent).at(-1)];
  const other = first?.from === node.from && first.to === node.to ? last : first;
  const isProduct = parent.name === 'BinaryExpr' && parent.getChild('Mul') !== null && other !== undefined;
  const factor = isProduct ? asSeries(textOf(other, query)) : undefined;
  return [...(factor === undefined ? [] : [factor]), ...factorsOf(parent, query)];
}

function isInside({ parent }: SyntaxNode): boolean {
  if (parent === null) return false;
  if (parent.name === 'AggregateExpr' || parent.getChild('Or') !== null) return true;
  return isInside(parent);
}

/** Whether a division of the query has a divisor that is filtered, e.g. `a / (b > 0)`: it gives nothing where nothing happened. */
export function hasFilteredDivisor(query: string): boolean {
  return binariesOf(query).some(({ node, right }) => node.getChild('Div') !== null && unfiltered(right) !== right);
}

/** Whether the whole of a query is under a condition, e.g. `sum(x) and on () enabled == 1`: without it nothing is measured. */
export function hasCondition(query: string): boolean {
  const [node] = childrenOf(treeOf(query));
  if (node?.name === 'ParenExpr') return hasCondition(textOf(childrenOf(node)[0] ?? null, query));
  if (node?.name !== 'BinaryExpr') return false;
  const matching = node.getChild('MatchingModifierClause');
  const isOnNothing = matching?.getChild('On') != null && childrenOf(matching.getChild('GroupingLabels')).length === 0;
  return node.getChild('And') !== null || (node.getChild('Unless') !== null && isOnNothing);
}

/** A division by what is filtered: what is divided, by what without the filter and with it, and how series are matched. */
export interface FilteredDivision {
  readonly left: string;
  readonly right: string;
  readonly filtered: string;
  readonly matching: string;
}

/** The divisions of a query by what is filtered. */
export function filteredDivisions(query: string): readonly FilteredDivision[] {
  return binariesOf(query).flatMap(({ node, left, right }) => {
    const plain = unfiltered(right);
    if (node.getChild('Div') === null || plain === right || typeOf(left) !== 'vector') return [];
    const clause = node.getChild('MatchingModifierClause');
    const word = clause === null ? '' : clause.getChild('On') === null ? 'ignoring' : 'on';
    const labels = clause?.getChild('GroupingLabels') ?? null;
    return [{ left, right: plain, filtered: right, matching: word === '' ? '' : `${word} ${textOf(labels, query)}` }];
  });
}

/** The sides of every `or`. */
export function alternatives(query: string): readonly { readonly left: string; readonly right: string }[] {
  return binariesOf(query).filter(({ node }) => node.getChild('Or') !== null);
}

interface Binary {
  readonly node: SyntaxNode;
  readonly left: string;
  readonly right: string;
}

/** Every operator between two operands. */
export function binariesOf(query: string): readonly Binary[] {
  const found: Binary[] = [];
  walk(treeOf(query), (node) => {
    const children = childrenOf(node);
    const [left, right] = [children[0], children.at(-1)];
    if (node.name !== 'BinaryExpr' || left === undefined || right === undefined) return;
    found.push({ node, left: textOf(left, query), right: query.slice(right.from, endOf(node)) });
  });
  return found;
}

/** The parser hangs `offset` and the like around everything before them; they belong to the right operand. */
function endOf(node: SyntaxNode): number {
  const { parent } = node;
  return parent !== null && SUFFIXES.includes(parent.name) && parent.from === node.from ? endOf(parent) : node.to;
}

function isComparison(node: SyntaxNode): boolean {
  return COMPARES.some((name) => node.getChild(name) !== null);
}

/** Types of the operands that were asked for last. */
const types = new Map<string, string>();

function typeOf(text: string): string {
  const known = types.get(text);
  if (known !== undefined) return known;
  if (types.size >= TYPES_KEPT) types.clear();
  const [node] = childrenOf(treeOf(text));
  const type = node === undefined ? 'string' : checkTypes(node, text, () => undefined);
  types.set(text, type);
  return type;
}

/** An operand without the comparisons around it that only filter. */
export function unfiltered(text: string): string {
  const [node] = childrenOf(treeOf(text));
  if (node === undefined) return text;
  const [first] = childrenOf(node);
  if (first === undefined) return text;
  if (node.name === 'ParenExpr') {
    const inner = textOf(first, text);
    const plain = unfiltered(inner);
    return plain === inner ? text : `(${plain})`;
  }
  if (node.name !== 'BinaryExpr' || !isComparison(node) || node.getChild('BoolModifier') !== null) return text;
  return unfiltered(textOf(first, text));
}

/** An expression without any comparison that only filters, however deep. */
export function withoutFilters(text: string): string {
  const filter = binariesOf(text).find(({ node }) => isComparison(node) && node.getChild('BoolModifier') === null);
  if (filter === undefined) return text;
  const { node, left, right } = filter;
  return withoutFilters(`${text.slice(0, node.from)}(${isScalar(left) ? right : left})${text.slice(endOf(node))}`);
}
