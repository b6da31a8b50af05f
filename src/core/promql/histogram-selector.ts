import { treeOf } from './tree.ts';
import { promqlProblem } from './check.ts';
import { childrenOf } from './syntax.ts';
import { selectorsOf } from './needs.ts';

/** What keeps an expression from being one plain selector with a metric's name; undefined when it is one. */
export function selectorProblem(query: string): string | undefined {
  const syntax = promqlProblem(query);
  if (syntax !== undefined) return syntax;
  const [only] = childrenOf(treeOf(query));
  const name = selectorsOf(query)[0]?.name;
  if (only?.name === 'VectorSelector' && name !== undefined) return undefined;
  return `one selector with the name of a metric, without functions, ranges or offset; found "${query}"`;
}

/** What keeps an expression from being the selector of a histogram's buckets; undefined when it is one. */
export function histogramProblem(query: string): string | undefined {
  const problem = selectorProblem(query);
  if (problem !== undefined) return problem;
  const name = selectorsOf(query)[0]?.name ?? '';
  return name.endsWith('_bucket') ? undefined : `the name of a histogram's buckets ends in _bucket; found "${name}"`;
}

/** A selector with the same labels of another metric. */
export function renamed(selector: string, name: string): string {
  return selector.replace(selectorsOf(selector)[0]?.name ?? '', name);
}

/** The selector of a histogram's `_sum` or `_count` beside that of its buckets. */
export function sibling(buckets: string, suffix: '_sum' | '_count'): string {
  const name = selectorsOf(buckets)[0]?.name ?? '';
  return renamed(buckets, name.slice(0, -'_bucket'.length) + suffix);
}
