import type { SyntaxNode } from '@lezer/common';
import { canonical } from './canonical.ts';
import { isScalar } from './operands.ts';
import { literalSeconds } from './range.ts';
import { argumentsOf, childrenOf, functionName, textOf } from './syntax.ts';
import { treeOf } from './tree.ts';

/** The side of a bar on which a value misses it. */
export type MissingSide = 'above' | 'below';

/** Comparisons that drop what is large, and what is small. */
const DROPS: Readonly<Record<MissingSide, ReadonlySet<string>>> = {
  above: new Set(['Lss', 'Lte', 'Neq']),
  below: new Set(['Gtr', 'Gte', 'Neq']),
};
/** The comparison with its sides exchanged. */
const MIRRORED: Readonly<Record<string, string>> = {
  Lss: 'Gtr',
  Lte: 'Gte',
  Gtr: 'Lss',
  Gte: 'Lte',
  Neq: 'Neq',
  Eql: 'Eql',
};
/** The comparison that keeps what the other drops. */
const INVERSE: Readonly<Record<string, string>> = {
  Lss: 'Gte',
  Lte: 'Gtr',
  Gtr: 'Lte',
  Gte: 'Lss',
  Neq: 'Eql',
  Eql: 'Neq',
};
/** Functions that make what is large small, and what is small large. */
const LIMITS: Readonly<Record<MissingSide, ReadonlySet<string>>> = {
  above: new Set(['clamp', 'clamp_max']),
  below: new Set(['clamp', 'clamp_min']),
};
/** Aggregations whose value is no value of their series. */
const COUNTING: ReadonlySet<string> = new Set(['count', 'group', 'count_values']);
/** Functions whose value is none of their series, or that have a check of their own. */
const OPAQUE: ReadonlySet<string> = new Set(['absent', 'absent_over_time', 'histogram_quantile', 'timestamp']);

/** The side on which what is divided by a value, or subtracted from one, misses its bar. */
export function otherSide(side: MissingSide): MissingSide {
  return side === 'above' ? 'below' : 'above';
}

interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * A query without the comparisons that drop values on the side where they miss the bar: `max(x < 100)` with a maximum of 50 has no
 * value of a shard that is at 150. The same holds for limits: `avg(clamp_max(x, 60))`. Undefined where there is none. What is counted
 * is meant as it is written.
 */
export function withoutHiding(query: string, side: MissingSide): string | undefined {
  const edits: Edit[] = [];
  const [top] = childrenOf(treeOf(query));
  if (top !== undefined) new Reader(query, edits).visit(top, side);
  if (edits.length === 0) return undefined;
  return edits
    .toSorted((a, b) => b.from - a.from)
    .reduce((text, { from, to, text: inner }) => text.slice(0, from) + inner + text.slice(to), query);
}

class Reader {
  readonly #query: string;
  readonly #edits: Edit[];

  constructor(query: string, edits: Edit[]) {
    this.#query = query;
    this.#edits = edits;
  }

  visit(node: SyntaxNode, side: MissingSide): void {
    const children = childrenOf(node);
    const first = children[0];
    const last = children.at(-1);
    if (first === undefined || last === undefined) return;
    switch (node.name) {
      case 'ParenExpr':
      case 'SubqueryExpr':
        this.visit(first, side);
        return;
      case 'UnaryExpr':
        this.visit(last, textOf(first, this.#query) === '-' ? otherSide(side) : side);
        return;
      case 'AggregateExpr':
        if (COUNTING.has(textOf(node.getChild('AggregateOp'), this.#query).toLowerCase())) return;
        this.#visitAll(argumentsOf(node), side);
        return;
      case 'FunctionCall': {
        const name = functionName(node, this.#query) ?? '';
        const [limited] = argumentsOf(node);
        if (limited !== undefined && LIMITS[side].has(name)) this.#drop(node, limited, side, true);
        else if (!OPAQUE.has(name)) this.#visitAll(argumentsOf(node), side);
        return;
      }
      case 'BinaryExpr':
        this.#binary(node, { first, last, operator: children[1]?.name ?? '' }, side);
        return;
      default:
    }
  }

  #visitAll(nodes: readonly SyntaxNode[], side: MissingSide): void {
    for (const node of nodes) this.visit(node, side);
  }

  #binary(
    node: SyntaxNode,
    { first, last, operator }: { readonly first: SyntaxNode; readonly last: SyntaxNode; readonly operator: string },
    side: MissingSide,
  ): void {
    if (operator === 'Or') {
      this.#visitAll([first, last], side);
      return;
    }
    if (operator === 'And' || operator === 'Unless') {
      const compared = this.#comparisonOf(last, first);
      const kept = operator === 'And' ? compared : INVERSE[compared ?? ''];
      this.#drop(node, first, side, kept !== undefined && DROPS[side].has(kept));
      return;
    }
    if (operator in MIRRORED) {
      if (node.getChild('BoolModifier') !== null) return;
      // The value of a comparison is that of its left side, where that is a series.
      if (isScalar(textOf(first, this.#query))) this.#drop(node, last, side, DROPS[side].has(MIRRORED[operator] ?? ''));
      else this.#drop(node, first, side, DROPS[side].has(operator));
      return;
    }
    // A mask: the value, times whether it is within the limit.
    for (const [value, mask] of [
      [first, last],
      [last, first],
    ] as const) {
      const kept = operator === 'Mul' ? this.#comparisonOf(mask, value) : undefined;
      if (kept === undefined || !DROPS[side].has(kept)) continue;
      this.#drop(node, value, side, true);
      return;
    }
    if (isNumber(last)) this.visit(first, operator === 'Mul' && this.#isNegative(last) ? otherSide(side) : side);
    else if (isNumber(first) && (operator === 'Add' || (operator === 'Mul' && !this.#isNegative(first))))
      this.visit(last, side);
    else if (isNumber(first) && (operator === 'Sub' || operator === 'Mul')) this.visit(last, otherSide(side));
  }

  /** Puts the operand in the place of the operation, where that hides something; and goes on with the operand. */
  #drop(node: SyntaxNode, operand: SyntaxNode, side: MissingSide, hides: boolean): void {
    if (!hides) {
      this.visit(operand, side);
      return;
    }
    const text = textOf(operand, this.#query);
    this.#edits.push({ from: node.from, to: node.to, text: withoutHiding(text, side) ?? text });
  }

  /** The comparison with a number that an expression makes of `value`, if it is one. */
  #comparisonOf(node: SyntaxNode, value: SyntaxNode): string | undefined {
    if (node.name === 'ParenExpr') {
      const [inner] = childrenOf(node);
      return inner === undefined ? undefined : this.#comparisonOf(inner, value);
    }
    const [first, sign] = childrenOf(node);
    if (node.name !== 'BinaryExpr' || first === undefined || !((sign?.name ?? '') in MIRRORED)) return undefined;
    const same = canonical(textOf(first, this.#query)) === canonical(textOf(value, this.#query));
    return same ? sign?.name : undefined;
  }

  #isNegative(node: SyntaxNode): boolean {
    return literalSeconds(textOf(node, this.#query).replaceAll(/[()\s]/g, '')) < 0;
  }
}

/** A number that is written, also with a sign or in parentheses. */
function isNumber(node: SyntaxNode): boolean {
  if (node.name === 'NumberDurationLiteral') return true;
  const inner = childrenOf(node).at(-1);
  return (node.name === 'ParenExpr' || node.name === 'UnaryExpr') && inner !== undefined && isNumber(inner);
}
