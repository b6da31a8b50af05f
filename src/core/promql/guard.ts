import type { SyntaxNode } from '@lezer/common';
import { constantProblem } from './constant.ts';
import { isComparison, numberOf } from './dependence.ts';
import { argumentsOf, childrenOf, functionName, textOf } from './syntax.ts';

/**
 * A divisor without the guards around the whole of it, which keep it from being small: `sum(x)` of `sum(x) > 10`, of
 * `clamp_min(sum(x), 1)` and of `(sum(x) > 10) or vector(1)`. Filters and limits of single series stay.
 */
export function withoutGuard(node: SyntaxNode, query: string): SyntaxNode {
  const inner = guardedBy(node, query);
  return inner === undefined ? node : withoutGuard(inner, query);
}

function guardedBy(node: SyntaxNode, query: string): SyntaxNode | undefined {
  const [first, operator, last] = [childrenOf(node)[0], childrenOf(node)[1]?.name ?? '', childrenOf(node).at(-1)];
  if (node.name === 'ParenExpr') return first;
  if (functionName(node, query) === 'clamp_min') return argumentsOf(node)[0];
  if (node.name !== 'BinaryExpr' || first === undefined || last === undefined) return undefined;
  if (operator === 'Or') return constantProblem(textOf(last, query)) === undefined ? undefined : first;
  const isFilter = isComparison(operator) && node.getChild('BoolModifier') === null;
  return isFilter && !Number.isNaN(numberOf(last, query)) ? first : undefined;
}
