import type { SyntaxNode } from '@lezer/common';
import { treeOf } from './tree.ts';
import { filledForParsing, promqlProblem } from './check.ts';
import { argumentsOf, childrenOf, functionName, textOf } from './syntax.ts';

/**
 * What keeps an expression from being a plain sum of counters, which a gate on the growth of a counter needs; undefined when
 * it is one. `or vector(0)` is accepted and adds nothing. Any other number would be added to no growth, or hide that there is
 * no series.
 */
export function counterProblem(query: string): string | undefined {
  const syntax = promqlProblem(query);
  if (syntax !== undefined) return syntax;
  const text = filledForParsing(query);
  const selectors = new Set<string>();
  const visit = (node: SyntaxNode): string | undefined => {
    switch (node.name) {
      case 'VectorSelector': {
        const selector = textOf(node, text);
        if (selectors.has(selector)) return `the same counter twice: "${selector}"`;
        selectors.add(selector);
        return undefined;
      }
      case 'AggregateExpr':
        return textOf(node.getChild('AggregateOp'), text).toLowerCase() === 'sum' ? visitAll(node) : refused(node);
      case 'BinaryExpr':
        if (node.getChild('Or') !== null) return isZero(node.lastChild, text) ? visitFirst(node) : refused(node);
        return node.getChild('Add') === null ? refused(node) : visitAll(node);
      case 'NumberDurationLiteral':
      case 'FunctionCall':
      case 'MatrixSelector':
      case 'SubqueryExpr':
      case 'OffsetExpr':
      case 'StepInvariantExpr':
      case 'UnaryExpr':
        return refused(node);
      default:
        return visitAll(node);
    }
  };
  const visitAll = (node: SyntaxNode): string | undefined =>
    childrenOf(node)
      .map(visit)
      .find((problem) => problem !== undefined);
  const visitFirst = (node: SyntaxNode): string | undefined =>
    childrenOf(node)
      .slice(0, 1)
      .map(visit)
      .find((problem) => problem !== undefined);
  const refused = (node: SyntaxNode): string => {
    const found = query.slice(node.from, node.to);
    return `a counter may be a selector, sum() of them, +, or "or vector(0)"; found "${found}"`;
  };
  const problem = visit(treeOf(text));
  return problem ?? (selectors.size === 0 ? 'a counter needs at least one metric' : undefined);
}

/** `vector(0)` in any notation. */
function isZero(node: SyntaxNode | null, query: string): boolean {
  if (node === null) return false;
  if (node.name === 'ParenExpr') return isZero(childrenOf(node)[0] ?? null, query);
  if (functionName(node, query) !== 'vector') return false;
  const [argument] = argumentsOf(node);
  return argument?.name === 'NumberDurationLiteral' && Number(textOf(argument, query)) === 0;
}
