import type { SyntaxNode } from '@lezer/common';
import { labelAt } from './string-literal.ts';
import { childrenOf, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** A query in a form in which spaces, parentheses, quotes and the order of matchers do not matter. It is only to be compared. */
export function canonical(query: string): string {
  return formOf(treeOf(query), query);
}

/** The selectors of a query in that form, in order. */
export function canonicalSelectors(query: string): readonly string[] {
  const found: string[] = [];
  walk(treeOf(query), (node) => {
    if (node.name === 'VectorSelector') found.push(formOf(node, query));
  });
  return found.sort();
}

function formOf(node: SyntaxNode, query: string): string {
  // `by ()` is what is meant without it.
  const children = childrenOf(node).filter((child) => !isByNothing(child));
  if (children.length === 0)
    return node.name === 'StringLiteral' ? JSON.stringify(labelAt(node, query)) : textOf(node, query);
  const forms = children.map((child) => formOf(child, query));
  if (node.name === 'LabelMatchers') return `{${forms.sort().join()}}`;
  return forms.length === 1 ? (forms[0] ?? '') : `(${forms.join(' ')})`;
}

function isByNothing(node: SyntaxNode): boolean {
  const isBy = node.name === 'AggregateModifier' && node.getChild('By') !== null;
  return isBy && childrenOf(node.getChild('GroupingLabels')).length === 0;
}
