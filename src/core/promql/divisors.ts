import type { SyntaxNode } from '@lezer/common';
import { asSeries, binariesOf } from './operands.ts';
import { literalSeconds } from './range.ts';
import { argumentsOf, childrenOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** A divisor that is kept from being 0, so that "nothing happened" reads as a quotient. */
export interface GuardedDivisor {
  /** The divisor as it is written. */
  readonly divisor: string;
  /** What it divides by where something happened. */
  readonly inner: string;
  /** Below this, or at 0 where there is no such limit, `inner` is not what is divided by. */
  readonly least?: number;
}

/** The right sides of every division of a query that are no written numbers, and what is taken to a power below 0. */
export function divisorsOf(query: string): readonly string[] {
  return binariesOf(query).flatMap(({ node, left, right }) => {
    if (node.getChild('Pow') !== null && /^[\s(]*-/.test(right)) return asSeries(left) ?? [];
    return node.getChild('Div') === null ? [] : (asSeries(right) ?? []);
  });
}

/** The guarded parts of a divisor: `clamp_min(x, 1)`, `x + 1`, `x + (x == bool 0)`. */
export function guardsOf(divisor: string): readonly GuardedDivisor[] {
  const found: GuardedDivisor[] = [];
  walk(treeOf(divisor), (node) => {
    const guard = clampOf(node, divisor) ?? addedOf(node, divisor);
    if (guard !== undefined) found.push({ divisor, ...guard });
  });
  return found;
}

function clampOf(node: SyntaxNode, query: string): Omit<GuardedDivisor, 'divisor'> | undefined {
  const name = functionName(node, query);
  if (name !== 'clamp_min' && name !== 'clamp') return undefined;
  const [inner, limit] = argumentsOf(node).map((argument) => textOf(argument, query));
  const least = literalSeconds(limit ?? '');
  return inner !== undefined && least > 0 ? { inner, least } : undefined;
}

function addedOf(node: SyntaxNode, query: string): Omit<GuardedDivisor, 'divisor'> | undefined {
  if (node.name !== 'BinaryExpr' || (node.getChild('Add') ?? node.getChild('Sub')) === null) return undefined;
  const sides = [childrenOf(node)[0], childrenOf(node).at(-1)];
  const index = sides.findIndex((side) => side != null && isAdded(plain(side)));
  const inner = asSeries(textOf(sides[1 - index] ?? null, query));
  return index === -1 || inner === undefined ? undefined : { inner };
}

/** A number, as one series too, or a comparison that is 1 or 0. */
function isAdded(node: SyntaxNode): boolean {
  if (node.name === 'UnaryExpr') return childrenOf(node).at(-1)?.name === 'NumberDurationLiteral';
  return (
    node.name === 'NumberDurationLiteral' ||
    (node.name === 'FunctionCall' && node.getChild('FunctionIdentifier')?.getChild('Vector') != null) ||
    (node.name === 'BinaryExpr' && node.getChild('BoolModifier') !== null)
  );
}

function plain(node: SyntaxNode): SyntaxNode {
  const [inner] = childrenOf(node);
  return node.name === 'ParenExpr' && inner !== undefined ? plain(inner) : node;
}
