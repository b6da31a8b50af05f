import type { SyntaxNode } from '@lezer/common';
import { constantProblem, possibleValues } from './constant.ts';
import {
  inverse,
  isComparison,
  metricsIn,
  numberOf,
  presenceDependence,
  valueDependence,
  type Dependence,
} from './dependence.ts';
import { isCounted, isExcess, isMean } from './counts.ts';
import { withoutKept, withoutKeptDivisor } from './left-over.ts';
import { drops, DROPS, LIMITS, MIRRORED, otherSide, SELECTS, type MissingSide } from './missing-side.ts';
import { changed, scaled, type Opened, type Texts } from './opened.ts';
import { isScalar, unfiltered } from './operands.ts';
import { argumentsOf, childrenOf, functionName, textOf } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Aggregations whose value is no value of their series. */
const COUNTING: ReadonlySet<string> = new Set(['count', 'group', 'count_values']);
/** Functions whose value is none of their series, or that have a check of their own. */
const OPAQUE: ReadonlySet<string> = new Set(['absent', 'absent_over_time', 'histogram_quantile', 'timestamp']);
/** What a sum of series is made of. */
const UNLIMITED: ReadonlySet<string> = new Set(
  'Add BinaryExpr Mul NumberDurationLiteral ParenExpr Sub UnaryExpr'.split(' '),
);
/** What the parser hangs around everything before it, where PromQL gives it to the nearest operand. */
const SUFFIXES: ReadonlySet<string> = new Set(['OffsetExpr', 'StepInvariantExpr', 'AnchoredExpr', 'SmoothedExpr']);

/**
 * A query without what drops, or changes, values on the side where they miss the bar. Empty where there is nothing of that kind.
 *
 * - Comparisons, `topk` and the like: `max(x < 100)` with a maximum of 50 has no value of a shard that is at 150.
 * - Limits: `avg(clamp_max(x, 60))`.
 * - Masks, which are numbers between limits that depend on what they are calculated with: `x * (x < bool 100)`, `x - x * (x > bool 100)`.
 * - A remainder: `x % 100`.
 * - What a filter keeps of the same series, and is subtracted or divides: `max(x) - max(x > 100)`, `sum(x) / sum(x > 100)`. A bar that a quotient
 *   of so many series can miss is one of a share, which is measured: {@link Opened.most}.
 * - How many a filter keeps of the same series: `max(x) - 1000 * count(x > 100)`.
 * - The right side of `or`, where the left has a series of the same labels: `max(x) or max(y)`. Of each there is a text of its own.
 *
 * What is counted is meant as it is written.
 */
export function withoutHiding(query: string, side: MissingSide): readonly Opened[] {
  const [top] = childrenOf(treeOf(query));
  if (top === undefined) return [];
  const [text, ...others] = new Reader(query).open(top, side);
  const all = [{ text }, ...others].filter((one) => one.text !== query);
  return [...new Map(all.map((one) => [`${one.text} ${one.most ?? ''}`, one])).values()];
}

interface Operation {
  readonly first: SyntaxNode;
  readonly last: SyntaxNode;
  readonly operator: string;
  /** Where the operation ends, with what belongs to its right operand. */
  readonly end: number;
}

class Reader {
  readonly #query: string;
  /** Texts by node and side: several rules ask for those of the same operand, at every level of a chain. */
  readonly #opened = new Map<string, Texts>();

  constructor(query: string) {
    this.#query = query;
  }

  /** @param end where the node ends, with the `offset` of its last operand */
  open(node: SyntaxNode, side: MissingSide, end: number = node.to): Texts {
    const key = `${node.name} ${node.from} ${node.to} ${end} ${side}`;
    const known = this.#opened.get(key) ?? this.#open(node, side, end);
    this.#opened.set(key, known);
    return known;
  }

  #open(node: SyntaxNode, side: MissingSide, end: number): Texts {
    const children = childrenOf(node);
    const first = children[0];
    const last = children.at(-1);
    const written: Texts = [this.#query.slice(node.from, end)];
    if (first === undefined || last === undefined) return written;
    if (SUFFIXES.has(node.name)) return this.open(first, side, end);
    switch (node.name) {
      case 'ParenExpr':
      case 'SubqueryExpr':
        return this.#composed(node, end, [[first, side]]);
      case 'UnaryExpr':
        return this.#composed(node, end, [[last, textOf(first, this.#query) === '-' ? otherSide(side) : side]]);
      case 'AggregateExpr': {
        const name = textOf(node.getChild('AggregateOp'), this.#query).toLowerCase();
        const series = argumentsOf(node).at(-1);
        if (series === undefined || COUNTING.has(name)) return written;
        return SELECTS[side].has(name) ? this.open(series, side) : this.#composed(node, end, [[series, side]]);
      }
      case 'FunctionCall': {
        const name = functionName(node, this.#query) ?? '';
        const [limited] = argumentsOf(node);
        if (limited === undefined || OPAQUE.has(name)) return written;
        if (LIMITS[side].has(name)) return this.open(limited, side);
        return this.#composed(
          node,
          end,
          argumentsOf(node).map((argument) => [argument, side]),
        );
      }
      case 'BinaryExpr':
        return this.#binary(node, { first, last, operator: children[1]?.name ?? '', end }, side);
      default:
        return written;
    }
  }

  #binary(node: SyntaxNode, operation: Operation, side: MissingSide): Texts {
    const { first, last, operator, end } = operation;
    switch (operator) {
      case 'Or':
        return this.#or(node, operation, side);
      case 'And':
      case 'Unless':
        return this.#set(node, operation, side);
      case 'Mul':
      case 'Div':
      case 'Pow':
      case 'Add':
      case 'Sub':
        return this.#masked(operation, side) ?? this.#arithmetic(node, operation, side);
      case 'Mod':
        return metricsIn(first, this.#query).size === 0 ? [this.#query.slice(node.from, end)] : this.open(first, side);
      default:
    }
    if (!isComparison(operator) || node.getChild('BoolModifier') !== null) return [this.#query.slice(node.from, end)];
    // The value of a comparison is that of its left side, where that is a series.
    if (isScalar(textOf(first, this.#query)))
      return DROPS[side].has(MIRRORED[operator] ?? '')
        ? this.open(last, side, end)
        : this.#composed(node, end, [[last, side]]);
    return DROPS[side].has(operator) ? this.open(first, side) : this.#composed(node, end, [[first, side]]);
  }

  /** Series of the right side count as well, although the left side has a series of the same labels. */
  #or(node: SyntaxNode, { first, last, end }: Operation, side: MissingSide): Texts {
    const [text, ...others] = this.#composed(node, end, [
      [first, side],
      [last, side],
    ]);
    const [right] = this.open(last, side, end);
    if (metricsIn(last, this.#query).size === 0 || constantProblem(this.#query.slice(last.from, end)) !== undefined)
      return [text, ...others];
    const clause = textOf(node.getChild('MatchingModifierClause'), this.#query);
    const [left] = this.open(first, side);
    return [text, ...others, { text: `((${right}) or ${clause} (${left}))` }];
  }

  /** `and` and `unless` drop series by what others are, or by what they are themselves. */
  #set(node: SyntaxNode, { first, last, operator, end }: Operation, side: MissingSide): Texts {
    const metrics = metricsIn(first, this.#query);
    const present = presenceDependence(last, this.#query, metrics);
    const kept = this.#along(first, metrics, operator === 'And' ? present : inverse(present));
    // What is equal to something is picked on purpose.
    const picked = filterOf(last) === (operator === 'And' ? 'Eql' : 'Neq');
    if (!picked && drops(kept, side)) return this.open(first, side);
    return this.#composed(node, end, [[first, side]]);
  }

  /** The operation without its mask: as if each value were on that side of the limit on which it is as it is. */
  #masked({ first, last, operator, end }: Operation, side: MissingSide): Texts | undefined {
    const value = this.open(first, side);
    switch (operator) {
      case 'Mul': {
        const behind = this.#maskOf(last, first);
        if (behind !== undefined && drops(behind.kept, side)) return scaled(value, '*', behind.high);
        const before = this.#maskOf(first, last);
        if (before === undefined || !drops(before.kept, side)) return undefined;
        return scaled(this.open(last, side, end), '*', before.high);
      }
      case 'Pow': {
        const mask = this.#maskOf(last, first);
        return mask !== undefined && drops(mask.kept, side) ? scaled(value, '^', mask.high) : undefined;
      }
      case 'Div': {
        const mask = this.#maskOf(last, first, !isMean(first, last, this.#query));
        if (mask === undefined || !drops(inverse(mask.kept), side)) return undefined;
        return scaled(value, '/', mask.low > 0 ? mask.low : 1);
      }
      default: {
        if (operator === 'Sub' && isExcess(first, last, this.#query)) return undefined;
        const added = this.#addedMask(last, first);
        const kept = operator === 'Sub' && added !== undefined ? inverse(added) : added;
        if (kept?.falls === true) return value;
        const before = operator === 'Add' ? this.#addedMask(first, last) : undefined;
        return before?.falls === true ? this.open(last, side, end) : undefined;
      }
    }
  }

  #arithmetic(node: SyntaxNode, { first, last, operator, end }: Operation, side: MissingSide): Texts {
    const [left, right] = [numberOf(first, this.#query), numberOf(last, this.#query)];
    const scales = operator === 'Mul' || operator === 'Div';
    const ofFirst = scales && right < 0 ? otherSide(side) : side;
    const isFiltered = operator === 'Div' && unfiltered(textOf(last, this.#query)) !== textOf(last, this.#query);
    const turns = operator === 'Sub' || (operator === 'Mul' && left < 0) || (operator === 'Div' && !(left < 0));
    const parts = [[first, ofFirst] as const, [last, turns ? otherSide(side) : side] as const];
    const texts = this.#composed(
      node,
      end,
      // A divisor is filtered on purpose: `a / (b > 10)` is only of what had so many.
      parts.filter(([part]) => Number.isNaN(numberOf(part, this.#query)) && !(isFiltered && part === last)),
    );
    if (operator !== 'Add' && operator !== 'Sub' && operator !== 'Div') return texts;
    const [of, and] = parts.map(([part, partSide]) => ({
      written: this.#query.slice(part.from, part === last ? end : part.to),
      opened: this.open(part, partSide, part === last ? end : part.to)[0],
      times: turns && part === last ? -1 : 1,
    }));
    if (of === undefined || and === undefined) return texts;
    if (operator === 'Div') return [...texts, ...(side === 'above' ? withoutKeptDivisor(of, and) : [])];
    return [...texts, ...withoutKept([of, and], side === 'above' ? 1 : -1).map((text) => ({ text }))];
  }

  /** How what is added follows a value, by a mask in it that depends on the value. Undefined: there is none. */
  #addedMask(node: SyntaxNode, value: SyntaxNode): Dependence | undefined {
    const mask = this.#maskOf(node, value, true);
    if (mask !== undefined) return mask.kept;
    const children = childrenOf(node);
    const [first, last] = [children[0], children.at(-1)];
    if (first === undefined || last === undefined) return undefined;
    if (node.name === 'ParenExpr') return this.#addedMask(first, value);
    if (node.name !== 'BinaryExpr' || children[1]?.name !== 'Mul') return undefined;
    return this.#addedMask(first, value) ?? this.#addedMask(last, value);
  }

  /**
   * A number between limits that depends on the series of `value`, and how it follows the value.
   * @param mayCount it may also be how many of these series a filter keeps, which has no upper limit
   */
  #maskOf(
    node: SyntaxNode,
    value: SyntaxNode,
    mayCount = false,
  ): { readonly low: number; readonly high: number; readonly kept: Dependence } | undefined {
    const metrics = metricsIn(value, this.#query);
    const kept = this.#along(value, metrics, valueDependence(node, this.#query, metrics));
    if ((!kept.rises && !kept.falls) || !mayHaveLimits(node)) return undefined;
    const values = possibleValues(textOf(node, this.#query));
    if (values === undefined) return undefined;
    const isBetween = values.low > -Infinity && values.high < Infinity;
    if (!isBetween && !(mayCount && this.#follows(value, metrics) && isCounted(node, this.#query, { metrics, value })))
      return undefined;
    return { ...values, kept };
  }

  /** Whether a value rises with its series, or falls with them. */
  #follows(value: SyntaxNode, metrics: ReadonlySet<string>): boolean {
    const { rises, falls } = valueDependence(value, this.#query, metrics);
    return rises !== falls;
  }

  /** How something follows a value, from how it follows the series of the value. */
  #along(value: SyntaxNode, metrics: ReadonlySet<string>, of: Dependence): Dependence {
    const own = valueDependence(value, this.#query, metrics);
    if (!of.rises && !of.falls) return of;
    if (own.rises === own.falls) return { rises: true, falls: true };
    return own.rises ? of : inverse(of);
  }

  /** The texts of a node, made of those of its parts. */
  #composed(node: SyntaxNode, end: number, parts: readonly (readonly [SyntaxNode, MissingSide])[]): Texts {
    const texts = parts.map(([part, side]) => {
      const partEnd = part.to === node.to ? end : part.to;
      return { from: part.from, to: partEnd, of: this.open(part, side, partEnd) };
    });
    const write = (which: (index: number) => string): string => {
      let [text, at] = ['', node.from];
      for (const [index, { from, to }] of texts.entries()) {
        text += this.#query.slice(at, from) + which(index);
        at = to;
      }
      return text + this.#query.slice(at, end);
    };
    const others = texts.flatMap(({ of: [, ...more] }, at) =>
      more.map((one) =>
        changed(one, (changedText) => write((index) => (index === at ? changedText : (texts[index]?.of[0] ?? '')))),
      ),
    );
    return [write((index) => texts[index]?.of[0] ?? ''), ...others];
  }
}

/** Whether an expression is more than series that are added up and multiplied, which have no limits. */
function mayHaveLimits(node: SyntaxNode): boolean {
  if (node.name === 'VectorSelector') return false;
  return !UNLIMITED.has(node.name) || childrenOf(node).some(mayHaveLimits);
}

/** The comparison that an expression is, without parentheses around it. */
function filterOf(node: SyntaxNode): string | undefined {
  const [first, operator] = childrenOf(node);
  if (node.name === 'ParenExpr' && first !== undefined) return filterOf(first);
  return node.name === 'BinaryExpr' ? operator?.name : undefined;
}
