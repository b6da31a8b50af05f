import type { SyntaxNode } from '@lezer/common';
import { canonical } from './canonical.ts';
import { constantProblem } from './constant.ts';
import { isGuard } from './counts.ts';
import { numberOf } from './dependence.ts';
import { withoutGuard } from './guard.ts';
import type { Opened } from './opened.ts';
import { isPart } from './part-of.ts';
import { childrenOf, functionName, argumentsOf, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';
import { totalOf, valueForm, type Total } from './value-form.ts';

/** Totals of the same series, the smaller first. Of numbers that are not below 0 each is at most the next one. */
const TOTALS: readonly string[] = ['min', 'avg', 'max', 'sum'];
const TURNED: Readonly<Record<string, string>> = { max: 'min', min: 'max' };
const ARITHMETIC: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div']);
const OTHER = 0;
const SUM = TOTALS.indexOf('sum');
/** Functions whose value is that of their argument, or not below it. */
const SAME: ReadonlySet<string> = new Set(
  'abs ceil clamp_max clamp_min floor last_over_time max_over_time round scalar vector'.split(' '),
);

/** How often the totals of some series are added to a value. */
interface Added {
  /** The labels by which they are grouped, as a clause; undefined where it is each series that is added. */
  readonly modifier: string | undefined;
  /** The clause in a form that is to be compared. */
  readonly grouping: string;
  readonly series: string;
  /** One number for each of {@link TOTALS}. */
  readonly times: number[];
}

/** Totals of the same series, or of a part of them, in two operands. */
type Pair = readonly [Added, Added];

/** An operand of a sum or a difference. */
interface Operand {
  readonly written: string;
  /** Without what leaves out values. */
  readonly opened: string;
  /** How often it is added: 1, or -1 where it is subtracted. */
  readonly times: number;
}

/**
 * What a sum of two operands would be without one whose filter hides what it keeps: `max(x)` for `max(x) - max(x > 100)`. That is so where
 * the sum without filters shows nothing of the series: `max(x) - max(x)`, or `avg(x) - sum(x)`, which is never above 0. The filter then
 * decides alone what the value is. Where a total of all is left, `sum(x) - max(x > 100)`, the filter takes out of it what misses the bar.
 *
 * @param side on which the value misses its bar: 1 above it, -1 below it
 */
export function withoutKept(operands: readonly [Operand, Operand], side: 1 | -1): readonly string[] {
  const [a, b] = operands;
  return [[a, b] as const, [b, a] as const].flatMap(([kept, other]) => {
    if (kept.opened === kept.written) return [];
    const without = other.times < 0 ? `(-(${other.opened}))` : `(${other.opened})`;
    const taken = shared(kept, other).filter((pair) => leavesNothing(pair, side));
    const rests = taken.flatMap(([part, whole]) => restOf(part, whole, kept) ?? []);
    if (taken.length > rests.length) return [without];
    return rests.map((rest) => `(${without} unless (${rest}))`);
  });
}

function leavesNothing([{ times }, { times: besides }]: Pair, side: 1 | -1): boolean {
  const isTakenOut = side * total(0, besides) > 0 && side * total(0, times) < 0;
  const sums = times.map((_, from) => side * (total(from, times) + total(from, besides)));
  return sums.every((sum) => sum === 0) || (isTakenOut && isAtMost(besides, times));
}

/**
 * Has a series where something is left of a sum without a part that matchers choose: `sum(x) - sum(x{a="b"} > 0)` is the sum of the others,
 * where there are others. What is not above 0 adds nothing to either sum, so the filter hides nothing. Undefined where it may.
 */
function restOf(part: Added, whole: Added, kept: Operand): string | undefined {
  const areSums = [part, whole].every(({ times }) => times.every((one, rank) => one === 0 || rank === SUM));
  const isLeft =
    total(0, part.times) + total(0, whole.times) === 0 && canonical(part.series) !== canonical(whole.series);
  if (!areSums || !isLeft || whole.modifier === undefined || !isGuard(kept.written)) return undefined;
  const count = ({ series }: Added): string => `count ${whole.modifier} (${series})`;
  return `${count(whole)} > ${count(part)}`;
}

/**
 * What a quotient would be without a divisor whose filter decides what it is: `sum(x)` for `sum(x) / sum(x > 100)`. That is so where
 * the quotient without filters says nothing of how large the series are: it is 1, at most 1, or how many of them there are. It is a share, and
 * {@link Opened.most} is what it can be at most. A filter for what is above 0 is there on purpose, and so is a guard around the whole divisor
 * of a share, `errors / (requests > 10)`.
 */
export function withoutKeptDivisor(dividend: Operand, divisor: Operand): readonly Opened[] {
  if (divisor.opened === divisor.written || isGuard(divisor.written)) return [];
  const isGuarded = guardedForm(divisor.opened) === guardedForm(divisor.written);
  return shared(divisor, dividend).flatMap(([{ times }, besides]) => {
    const isShare = isGuarded && highest(besides.times) <= highest(times);
    return !isAtMost(besides.times, times) || isShare
      ? []
      : [{ text: `(${dividend.opened})`, most: mostOf(besides, sizeOf(times)) }];
  });
}

/** What totals can be at most of totals of the same series: a sum of all is so often the largest one as there are series. */
function mostOf({ modifier, series, times }: Added, by: number): string {
  const factor = sizeOf(times) / by;
  const counted = modifier === undefined ? series : `count ${modifier} (${series})`;
  const most = highest(times) === SUM ? `${factor} * scalar(count(${series}))` : factor;
  return `(0 * (${counted}) + ${most})`;
}

/** What a divisor divides by where no guard replaces it, in a form that is to be compared. */
function guardedForm(text: string): string {
  const [top] = childrenOf(treeOf(text));
  return top === undefined ? '' : canonical(textOf(withoutGuard(top, text), text));
}

function sizeOf(times: readonly number[]): number {
  return times.reduce((sum, one) => sum + Math.abs(one), 0);
}

/** Whether totals of some series are at most other ones of them, or are of all of them. */
function isAtMost(some: readonly number[], others: readonly number[]): boolean {
  const [high, most] = [highest(some), highest(others)];
  return high !== -1 && most !== -1 && (high <= most || high === SUM);
}

/** The place in {@link TOTALS} of the largest total; -1: there is none. */
function highest(times: readonly number[]): number {
  return times.findLastIndex((one) => one !== 0);
}

/** How often totals of the same series, or of a part of them, are in each of two operands. */
function shared(a: Operand, b: Operand): readonly Pair[] {
  const others = addedBy(b);
  return addedBy(a).flatMap((one) =>
    others
      .filter((other) => one.grouping === other.grouping)
      .filter((other) => isPartOf(one.series, other.series) || isPartOf(other.series, one.series))
      .map((other) => [one, other] as const),
  );
}

/** Whether series are those of others, or the part of them that matchers choose. */
function isPartOf(some: string, others: string): boolean {
  if (canonical(some) === canonical(others)) return true;
  return withoutMatchers(some) === withoutMatchers(others) && isPart(some, others);
}

function withoutMatchers(text: string): string {
  let [rest, at] = ['', 0];
  walk(treeOf(text), ({ name, from, to }) => {
    if (name !== 'LabelMatchers') return;
    rest += text.slice(at, from);
    at = to;
  });
  return canonical(rest + text.slice(at));
}

function total(from: number, times: readonly number[]): number {
  return times.slice(from).reduce((sum, one) => sum + one, 0);
}

function addedBy({ opened, times }: Operand): readonly Added[] {
  const added: Added[] = [];
  const [top] = childrenOf(treeOf(opened));
  if (top !== undefined) add(top, opened, times, added);
  return added;
}

function add(node: SyntaxNode, query: string, by: number, added: Added[]): void {
  const children = childrenOf(node);
  const [first, last] = [children[0], children.at(-1)];
  const operator = node.name === 'BinaryExpr' ? (children[1]?.name ?? '') : '';
  if (first !== undefined && last !== undefined) {
    const [left, right] = [numberOf(first, query), numberOf(last, query)];
    const [argument] = argumentsOf(node);
    if (!Number.isNaN(numberOf(node, query))) return;
    if (node.name === 'ParenExpr') return add(first, query, by, added);
    if (node.name === 'UnaryExpr') return add(last, query, textOf(first, query) === '-' ? -by : by, added);
    if (argument !== undefined && SAME.has(functionName(node, query) ?? ''))
      return add(rangedOf(argument), query, by, added);
    if (operator === 'Mul' && !Number.isNaN(left)) return add(last, query, by * left, added);
    if (operator === 'Mul' && !Number.isNaN(right)) return add(first, query, by * right, added);
    if (operator === 'Div' && !Number.isNaN(right)) return add(first, query, by / right, added);
    if (operator === 'Add' || operator === 'Sub') {
      add(first, query, by, added);
      return add(last, query, operator === 'Sub' ? -by : by, added);
    }
    if (operator === 'Or' && isDefault(first, last, query)) return add(first, query, by, added);
  }
  const of = unsigned(totalOf(node, query), query);
  const rank = of === undefined ? -1 : TOTALS.indexOf(of.name);
  const total = rank < 0 ? undefined : of;
  const { modifier, grouping = '' } = total ?? {};
  const series = total === undefined ? seriesOf(node, '', query) : seriesOf(total.series, total.name, query);
  const known = added.find((one) => one.grouping === grouping && canonical(one.series) === canonical(series));
  const { times } = known ?? { times: TOTALS.map(() => 0) };
  times[Math.max(rank, OTHER)] = (times[Math.max(rank, OTHER)] ?? 0) + by * (of?.times ?? 1);
  if (known === undefined) added.push({ modifier, grouping, series, times });
}

/** A total of series as one of the series before their sign: `min(-x)` is `-max(x)`. */
function unsigned(of: Total | undefined, query: string): (Total & { readonly times: number }) | undefined {
  if (of === undefined) return undefined;
  const [sign, inner] = [childrenOf(of.series)[0] ?? null, childrenOf(of.series).at(-1)];
  if (inner !== undefined && of.series.name === 'ParenExpr') return unsigned({ ...of, series: inner }, query);
  if (inner === undefined || of.series.name !== 'UnaryExpr') return { ...of, times: 1 };
  const isTurned = textOf(sign, query) === '-';
  const name = isTurned ? (TURNED[of.name] ?? of.name) : of.name;
  const found = unsigned({ ...of, name, series: inner }, query);
  return found === undefined ? undefined : { ...found, times: isTurned ? -found.times : found.times };
}

/** The series that are added up, without numbers that are added to each of them or multiply it. @param by name of the total */
function seriesOf(node: SyntaxNode, by: string, query: string): string {
  const [first, operator, last] = [childrenOf(node)[0], childrenOf(node)[1]?.name, childrenOf(node).at(-1)];
  const [argument] = argumentsOf(node);
  if (first !== undefined && last !== undefined) {
    if (node.name === 'ParenExpr') return seriesOf(first, by, query);
    if (argument !== undefined && SAME.has(functionName(node, query) ?? ''))
      return seriesOf(rangedOf(argument), by, query);
    if (node.name === 'BinaryExpr' && operator === 'Or' && isDefault(first, last, query))
      return seriesOf(first, by, query);
    if (operator !== undefined && ARITHMETIC.has(operator) && !Number.isNaN(numberOf(last, query)))
      return seriesOf(first, by, query);
    if (
      operator !== undefined &&
      ARITHMETIC.has(operator) &&
      operator !== 'Div' &&
      !Number.isNaN(numberOf(first, query))
    )
      return seriesOf(last, by, query);
    const of = totalOf(node, query);
    if (of !== undefined && of.name === by) return seriesOf(of.series, by, query);
  }
  return textOf(node, query);
}

/** Whether the right side of `or` adds no series to the left one: a default, or some of the same series. */
function isDefault(left: SyntaxNode, right: SyntaxNode, query: string): boolean {
  return constantProblem(textOf(right, query)) !== undefined || valueForm(left, query) === valueForm(right, query);
}

/** What a range is of. */
function rangedOf(node: SyntaxNode): SyntaxNode {
  return ['MatrixSelector', 'SubqueryExpr'].includes(node.name) ? (childrenOf(node)[0] ?? node) : node;
}
