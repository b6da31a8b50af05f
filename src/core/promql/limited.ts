import { argumentsOf, functionName, textOf, walk } from './syntax.ts';
import { treeOf } from './tree.ts';

/** Functions that make a number of what is infinite. */
const LIMIT: ReadonlySet<string> = new Set(['clamp', 'clamp_max', 'clamp_min', 'sgn', 'exp']);

/** The expressions whose infinite values a query turns into finite ones, e.g. `clamp_max(x, 2)`. */
export function limitedParts(query: string): readonly string[] {
  const found = new Set<string>();
  walk(treeOf(query), (node) => {
    const [inner] = argumentsOf(node);
    if (inner !== undefined && LIMIT.has(functionName(node, query) ?? '')) found.add(textOf(inner, query));
  });
  return [...found];
}
