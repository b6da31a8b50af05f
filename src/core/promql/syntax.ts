import type { SyntaxNode } from '@lezer/common';

/** The child nodes of a node, without comments. */
export function childrenOf(node: SyntaxNode | null): readonly SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling) {
    if (child.name !== 'LineComment') children.push(child);
  }
  return children;
}

/** The text of a node. */
export function textOf(node: SyntaxNode | null, query: string): string {
  return node === null ? '' : query.slice(node.from, node.to);
}

/** Visits a node and every node below it, parents first. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node);
  for (const child of childrenOf(node)) walk(child, visit);
}

/** The name of the called function; undefined where the node is no call. */
export function functionName(node: SyntaxNode, query: string): string | undefined {
  return node.name === 'FunctionCall' ? textOf(node.getChild('FunctionIdentifier'), query) : undefined;
}

/** The arguments of a call. */
export function argumentsOf(call: SyntaxNode): readonly SyntaxNode[] {
  const body = call.getChild('FunctionCallBody');
  return body === null ? [] : childrenOf(body);
}
