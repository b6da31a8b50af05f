import type { SyntaxNode } from '@lezer/common';
import { numberOf } from './dependence.ts';
import { childrenOf, textOf } from './syntax.ts';
import { valueForm } from './value-form.ts';

/** A number, and how often each part of an expression is added to it. */
interface Linear {
  readonly constant: number;
  readonly parts: ReadonlyMap<string, number>;
}

/**
 * The number that a sum of series is whatever they are, because they cancel each other out: 1 for `x - (x - 1)`. Undefined where something is
 * left of them, or where series are matched by labels that are named.
 */
export function cancelledOut(node: SyntaxNode, query: string): number | undefined {
  const linear = linearOf(node, query);
  if (linear === undefined || linear.parts.size === 0) return undefined;
  return [...linear.parts.values()].every((times) => times === 0) ? linear.constant : undefined;
}

function linearOf(node: SyntaxNode, query: string): Linear | undefined {
  const number = numberOf(node, query);
  if (!Number.isNaN(number)) return { constant: number, parts: new Map() };
  const children = childrenOf(node);
  const [first, last] = [children[0], children.at(-1)];
  if (node.name === 'ParenExpr' && first !== undefined) return linearOf(first, query);
  if (node.name === 'UnaryExpr' && first !== undefined && last !== undefined)
    return scaled(linearOf(last, query), textOf(first, query) === '-' ? -1 : 1);
  const operator = children[1]?.name ?? '';
  if (node.name === 'BinaryExpr' && first !== undefined && last !== undefined) {
    const [left, right] = [numberOf(first, query), numberOf(last, query)];
    if (operator === 'Mul' && !Number.isNaN(left)) return scaled(linearOf(last, query), left);
    if (operator === 'Mul' && !Number.isNaN(right)) return scaled(linearOf(first, query), right);
    if (operator === 'Div' && !Number.isNaN(right)) return scaled(linearOf(first, query), 1 / right);
    if (operator === 'Add' || operator === 'Sub') {
      if (node.getChild('MatchingModifierClause') !== null) return undefined;
      return added(linearOf(first, query), scaled(linearOf(last, query), operator === 'Sub' ? -1 : 1));
    }
  }
  return { constant: 0, parts: new Map([[valueForm(node, query), 1]]) };
}

function scaled(linear: Linear | undefined, by: number): Linear | undefined {
  if (linear === undefined) return undefined;
  return {
    constant: linear.constant * by,
    parts: new Map([...linear.parts].map(([part, times]) => [part, times * by])),
  };
}

function added(a: Linear | undefined, b: Linear | undefined): Linear | undefined {
  if (a === undefined || b === undefined) return undefined;
  const parts = new Map(a.parts);
  for (const [part, times] of b.parts) parts.set(part, (parts.get(part) ?? 0) + times);
  return { constant: a.constant + b.constant, parts };
}
