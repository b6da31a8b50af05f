import { labelAt } from './string-literal.ts';
import { selectorAt } from './needs.ts';
import { childrenOf, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** A selector as its name and its matchers. */
interface Parts {
  readonly name: string | undefined;
  readonly matchers: ReadonlySet<string>;
}

/**
 * Whether all that a sum of counters counts is also in another one: each of its selectors has the name of one of the other's, and all of
 * that one's matchers.
 */
export function isPart(counters: string, of: string): boolean {
  const [parts, wholes] = [partsOf(counters), partsOf(of)];
  return parts.every((part) =>
    wholes.some(
      ({ name, matchers }) =>
        name !== undefined && name === part.name && [...matchers].every((one) => part.matchers.has(one)),
    ),
  );
}

function partsOf(query: string): readonly Parts[] {
  const found: Parts[] = [];
  walk(treeOf(query), (node) => {
    if (node.name !== 'VectorSelector') return;
    const matchers = childrenOf(node.getChild('LabelMatchers')).map((matcher) =>
      [
        labelAt(matcher.firstChild, query),
        textOf(matcher.getChild('MatchOp'), query),
        labelAt(matcher.lastChild, query),
      ].join('\u0000'),
    );
    found.push({ name: selectorAt(node, query).name, matchers: new Set(matchers) });
  });
  return found;
}
