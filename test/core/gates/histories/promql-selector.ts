import type { SyntaxNode } from '@lezer/common';
import { labelAt } from '../../../../src/core/promql/string-literal.ts';
import { textOf, walk } from '../../../../src/core/promql/syntax.ts';
import type { Matcher } from './store.ts';

/** What a vector selector chooses. An absent label counts as an empty one. */
export function selectorOf(
  node: SyntaxNode,
  query: string,
): { readonly name: string | undefined; readonly matches: Matcher } {
  const identifier = node.getChild('Identifier');
  let name = identifier === null ? undefined : textOf(identifier, query);
  const tests: Matcher[] = [];
  const quoted = node.getChild('LabelMatchers')?.getChild('QuotedLabelName') ?? null;
  if (quoted !== null) name = labelAt(quoted.firstChild, query);
  walk(node, (inner) => {
    if (!inner.name.endsWith('LabelMatcher')) return;
    const label = labelAt(inner.firstChild, query);
    const value = labelAt(inner.lastChild, query);
    const operator = textOf(inner.getChild('MatchOp'), query);
    if (label === '__name__' && operator === '=') name = value;
    const regex = operator.includes('~') ? new RegExp(`^(?:${value})$`, 's') : undefined;
    const wanted = !operator.startsWith('!');
    tests.push((labels) => {
      const found = labels[label] ?? '';
      return (regex === undefined ? found === value : regex.test(found)) === wanted;
    });
  });
  return { name, matches: (labels) => tests.every((test) => test(labels)) };
}
