import type { SyntaxNode } from '@lezer/common';
import { treeOf } from './tree.ts';
import { canonical } from './canonical.ts';
import { filledForParsing, isPromql } from './check.ts';
import {
  ALL,
  applied,
  arithmetic,
  clamped,
  compared,
  filtered,
  hull,
  isFixed,
  NONE,
  NOT_NEGATIVE,
  only,
  summed,
  TRUTH,
} from './interval.ts';
import type { Interval } from './interval.ts';
import { cancelledOut } from './linear.ts';
import { literalSeconds } from './range.ts';
import { shareOf } from './subsets.ts';
import { argumentsOf, childrenOf, functionName, textOf } from './syntax.ts';
import { valueForm } from './value-form.ts';

/**
 * What the answer of an expression can be, by its syntax; undefined where it has an error. Only what is proven is left out. NaN is no
 * reading, so samples that are NaN do not count.
 */
export function possibleAnswer(query: string): Answer | undefined {
  if (!isPromql(query)) return undefined;
  const text = filledForParsing(query);
  const root = treeOf(text);
  const expression = root.getChild('Expr') ?? root.firstChild;
  return expression === null ? undefined : new Reader(text).read(expression, false);
}

const SOURCES = ['nothing', 'clock', 'series'] as const;

/** Where a value comes from. `nothing`: it is a constant. */
type Source = (typeof SOURCES)[number];

/** The values that an expression can have where it has one. */
export interface Values extends Interval {
  readonly from: Source;
  /** It is NaN where series are missing, as `scalar()` is. */
  readonly nan: boolean;
}

/** What is known about the answer of an expression. */
export interface Answer {
  readonly values: Values;
  /** Values of the series without labels, where every answer has one. */
  readonly sure?: Values;
  /** At most one series, and that without labels. */
  readonly single: boolean;
  readonly scalar: boolean;
}

function valuesOf(interval: Interval, from: Source, nan = false): Values {
  return { low: interval.low, high: interval.high, from: isFixed(interval) ? 'nothing' : from, nan };
}

function latest(...sources: readonly Source[]): Source {
  return SOURCES[Math.max(...sources.map((source) => SOURCES.indexOf(source)))] ?? 'series';
}

function vector(values: Values, single: boolean, sure?: Values): Answer {
  return { values, single, scalar: false, ...(sure === undefined ? {} : { sure }) };
}

function number(values: Values): Answer {
  return { values, sure: values, single: true, scalar: true };
}

const MEASURED = vector(valuesOf(ALL, 'series'), false);
const NEVER = vector(valuesOf(NONE, 'nothing'), true);

function names(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}

const COMPARISONS = names('== != < <= > >=');
/** Aggregations that give one of the values, or one between them. */
const WITHIN_GROUP = names('avg bottomk limit_ratio limitk max min quantile topk');
/** Those that keep several series of a group. */
const KEEP_SERIES = names('bottomk limit_ratio limitk topk count_values');
/** Functions that keep the values and may change the labels. */
const RELABEL = names('info label_join label_replace');
const SORT = names('sort sort_by_label sort_by_label_desc sort_desc');
/** Functions that give a value between the least and the greatest of the range, their last argument. */
const WITHIN_RANGE = names(
  'avg_over_time first_over_time last_over_time max_over_time min_over_time quantile_over_time',
);
/** Functions of a range that depend on which of its samples exist. */
const BY_PRESENCE = names(
  'count_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time',
);
/** Functions of a range that give 0 where all of its values are equal. */
const CHANGE = names(
  'changes delta deriv idelta increase irate mad_over_time rate resets stddev_over_time stdvar_over_time',
);
const SIGNED_CHANGE = names('delta deriv idelta');

/** What the parts of a date can be. */
const CALENDAR: Readonly<Record<string, Interval>> = {
  day_of_month: { low: 1, high: 31 },
  day_of_week: { low: 0, high: 6 },
  day_of_year: { low: 1, high: 366 },
  days_in_month: { low: 28, high: 31 },
  hour: { low: 0, high: 23 },
  minute: { low: 0, high: 59 },
  month: { low: 1, high: 12 },
};

/** Reads from the syntax of an expression what it can give. */
class Reader {
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  /** @param moved an `offset` or `@` of the last operand is around the expression, where the parser puts it */
  read(node: SyntaxNode, moved: boolean): Answer {
    const children = childrenOf(node);
    const [first, last] = [children[0], children.at(-1)];
    if (first === undefined || last === undefined) return this.#leaf(node);
    switch (node.name) {
      case 'ParenExpr':
        return this.read(first, false);
      case 'UnaryExpr': {
        const minus = textOf(first, this.#query) === '-';
        return mapped(this.read(last, moved), (a) => (minus ? { ...a, low: -a.high, high: -a.low } : a));
      }
      case 'MatrixSelector':
      case 'SubqueryExpr':
      case 'OffsetExpr':
      case 'StepInvariantExpr':
      case 'AnchoredExpr':
      case 'SmoothedExpr':
        return this.read(first, true);
      case 'BinaryExpr':
        return this.#binary(node, { first, last, moved });
      case 'AggregateExpr':
        return this.#aggregated(node);
      case 'FunctionCall':
        return this.#called(node);
      default:
        return MEASURED;
    }
  }

  #leaf(node: SyntaxNode): Answer {
    if (node.name !== 'NumberDurationLiteral') return MEASURED;
    return number(valuesOf(only(literalSeconds(textOf(node, this.#query))), 'nothing'));
  }

  #binary(node: SyntaxNode, { first, last, moved }: { first: SyntaxNode; last: SyntaxNode; moved: boolean }): Answer {
    const operator = textOf(childrenOf(node)[1] ?? null, this.#query).toLowerCase();
    const matching = node.getChild('MatchingModifierClause');
    const a = this.read(first, false);
    const b = this.read(last, moved);
    const same = !moved && canonical(textOf(first, this.#query)) === canonical(textOf(last, this.#query));
    // Of several series that match by some labels only, conditions may keep different ones on the two sides.
    const isOneToOne = matching === null || (a.single && b.single);
    const alike = !moved && (same || (isOneToOne && valueForm(first, this.#query) === valueForm(last, this.#query)));
    if (operator === 'or') return either(a, b, { all: matchesAll(matching), plain: matching === null });
    if (operator === 'and') return vector(a.values, a.single);
    if (operator === 'unless') {
      const all = (same && matching === null) || (matchesAll(matching) && b.sure !== undefined);
      return all ? NEVER : vector(a.values, a.single);
    }
    const cancelled = moved ? undefined : cancelledOut(node, this.#query);
    const filter = COMPARISONS.has(operator) && node.getChild('BoolModifier') === null;
    const combine = (x: Values, y: Values): Values => {
      const from = latest(x.from, y.from);
      const nan = x.nan || y.nan;
      if (!COMPARISONS.has(operator)) {
        const share =
          operator === '/' && matching === null && !moved
            ? shareOf(first, last, this.#query, (part) => this.read(part, false).values)
            : undefined;
        if (cancelled !== undefined) return valuesOf(only(cancelled), from, nan);
        return valuesOf(alike ? itself(operator, x) : (share ?? arithmetic(operator, x, y)), from, nan);
      }
      if (filter) return a.scalar ? keep(MIRRORED[operator] ?? operator, y, x) : keep(operator, x, y);
      if (nan) return valuesOf(TRUTH, 'series');
      return valuesOf(alike ? only(Number(REFLEXIVE.has(operator))) : compared(operator, x, y), from);
    };
    const keepsSure = matching === null && (!filter || isCertain(operator, a, b));
    const sure = keepsSure && a.sure !== undefined && b.sure !== undefined ? combine(a.sure, b.sure) : undefined;
    const values = combine(a.values, b.values);
    if (a.scalar && b.scalar) return number(values);
    const oneOf = matching === null && !a.scalar && !b.scalar;
    return vector(values, oneOf ? a.single || b.single : a.single && b.single, sure);
  }

  #aggregated(node: SyntaxNode): Answer {
    const name = textOf(node.getChild('AggregateOp'), this.#query).toLowerCase();
    const argument = childrenOf(node.getChild('FunctionCallBody')).at(-1);
    if (argument === undefined) return MEASURED;
    const a = this.read(argument, false);
    const values = aggregate(name, a);
    const grouped = node.getChild('AggregateModifier') !== null;
    const single = KEEP_SERIES.has(name) ? a.single && name !== 'count_values' : a.single || !grouped;
    return vector(values, single, a.sure !== undefined && !grouped && single ? values : undefined);
  }

  #called(node: SyntaxNode): Answer {
    const name = functionName(node, this.#query) ?? '';
    const read = argumentsOf(node)
      .filter((argument) => argument.name !== 'StringLiteral')
      .map((argument) => this.read(argument, false));
    const [a, b, c] = read;
    const range = read.at(-1);
    if (a === undefined || range === undefined) {
      const now = number(name === 'pi' ? valuesOf(only(Math.PI), 'nothing') : valuesOf(CALENDAR[name] ?? ALL, 'clock'));
      return name === 'time' || name === 'pi' ? now : { ...now, scalar: false };
    }
    if (name === 'vector') return { ...a, scalar: false };
    if (name === 'scalar') return number(a.sure ?? { ...a.values, nan: true });
    if (SORT.has(name)) return a;
    if (RELABEL.has(name)) return vector(a.values, false);
    if (name.startsWith('absent')) return a.sure === undefined ? vector(valuesOf(only(1), 'nothing'), false) : NEVER;
    if (name === 'present_over_time') return vector(valuesOf(only(1), 'nothing'), a.single);
    if (WITHIN_RANGE.has(name)) return vector(range.values, range.single);
    if (BY_PRESENCE.has(name)) return vector(valuesOf(ALL, a.sure?.from ?? 'series'), a.single);
    if (CHANGE.has(name)) {
      const grows = SIGNED_CHANGE.has(name) ? ALL : NOT_NEGATIVE;
      return vector(valuesOf(isFixed(a.values) ? only(0) : grows, a.values.from), a.single);
    }
    const from = latest(...read.map(({ values }) => values.from));
    const limits = limitsOf(name, b, c);
    if (limits !== undefined) return mapped(a, (x) => valuesOf(clamped(x, limits), from, x.nan));
    if (read.length === 1) return mapped(a, (x) => valuesOf(applied(name, x), x.from, x.nan));
    return vector(
      valuesOf(ALL, from),
      read.every(({ single }) => single),
    );
  }
}

/** Comparisons that hold between a number and itself. */
const REFLEXIVE = names('== <= >=');
/** The comparison with its sides exchanged. */
const MIRRORED: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function keep(operator: string, a: Values, b: Values): Values {
  return valuesOf(b.nan ? a : filtered(operator, a, b), a.from, a.nan);
}

/** Whether a comparison keeps the series that both sides are sure to have. */
function isCertain(operator: string, a: Answer, b: Answer): boolean {
  if (a.sure === undefined || b.sure === undefined || a.sure.nan || b.sure.nan) return false;
  return compared(operator, a.sure, b.sure).low === 1;
}

/** The value of an operator between an expression and itself. */
function itself(operator: string, a: Values): Interval {
  if (operator === '-' || operator === '%') return only(0);
  return operator === '/' ? only(1) : arithmetic(operator, a, a);
}

function aggregate(name: string, { values, single }: Answer): Values {
  const { low, high, from, nan } = values;
  // How many series there are is a measurement, unless there is at most one.
  const counted = single ? 'nothing' : 'series';
  if (low > high) return values;
  if (WITHIN_GROUP.has(name)) return values;
  if (name === 'group') return valuesOf(only(1), 'nothing');
  if (name.startsWith('count')) return valuesOf(single ? only(1) : { low: 1, high: Infinity }, counted);
  if (name === 'sum') return single ? values : valuesOf(summed(values), 'series', nan);
  return valuesOf(single || low === high ? only(0) : NOT_NEGATIVE, latest(from, counted), nan);
}

/** `or`: the first answer, and what the second has besides. */
function either(a: Answer, b: Answer, match: { readonly all: boolean; readonly plain: boolean }): Answer {
  if (a.values.low > a.values.high) return b;
  // A series that is always there hides what matches it.
  if (a.sure !== undefined && (match.all || (match.plain && b.single))) return a;
  const values = valuesOf(hull(a.values, b.values), 'series', a.values.nan || b.values.nan);
  const sure = a.sure ?? (match.plain && a.single && b.sure !== undefined ? values : undefined);
  return vector(values, match.plain && a.single && b.single, sure);
}

/** `on()`: every series matches every other. */
function matchesAll(matching: SyntaxNode | null): boolean {
  const labels = matching?.getChild('GroupingLabels') ?? null;
  return matching?.getChild('On') != null && childrenOf(labels).length === 0;
}

function limitsOf(
  name: string,
  b: Answer | undefined,
  c: Answer | undefined,
): readonly [Interval, Interval] | undefined {
  if (b === undefined) return undefined;
  if (name === 'clamp') return [b.values, c?.values ?? ALL];
  if (name === 'clamp_min') return [b.values, only(Infinity)];
  return name === 'clamp_max' ? [only(-Infinity), b.values] : undefined;
}

function mapped(answer: Answer, change: (values: Values) => Values): Answer {
  const { values, sure } = answer;
  return { ...answer, values: change(values), ...(sure === undefined ? {} : { sure: change(sure) }) };
}
