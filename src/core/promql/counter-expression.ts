import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { promqlProblem } from './check.ts';
import { childrenOf, functionName, textOf, walk } from './syntax.ts';

/** What keeps an expression from being a plain sum of counters (which a delta needs); undefined when it is one. */
export function counterProblem(query: string): string | undefined {
  const syntax = promqlProblem(query);
  if (syntax !== undefined) return syntax;
  let problem: string | undefined;
  let selectors = 0;
  const visit = (node: SyntaxNode): void => {
    if (node.name === 'VectorSelector') {
      selectors += 1;
      return;
    }
    const summed = node.name !== 'AggregateExpr' || textOf(node.getChild('AggregateOp'), query).toLowerCase() === 'sum';
    const added = node.name !== 'BinaryExpr' || node.getChild('Add') !== null || isDefault(node);
    const constant = node.name !== 'FunctionCall' || functionName(node, query) === 'vector';
    const plain = !['MatrixSelector', 'SubqueryExpr', 'OffsetExpr', 'UnaryExpr'].includes(node.name);
    if (!summed || !added || !constant || !plain) {
      problem ??= `a counter may be a selector, sum() of them, +, or "or vector(0)"; found "${textOf(node, query)}"`;
      return;
    }
    for (const child of childrenOf(node)) visit(child);
  };
  visit(parser.parse(query).topNode);
  return problem ?? (selectors === 0 ? 'a counter needs at least one metric' : undefined);
}

function isDefault(node: SyntaxNode): boolean {
  const right = node.lastChild;
  return node.getChild('Or') !== null && right !== null && !containsSelector(right);
}

function containsSelector(node: SyntaxNode): boolean {
  let found = false;
  walk(node, (inner) => {
    if (inner.name === 'VectorSelector') found = true;
  });
  return found;
}
