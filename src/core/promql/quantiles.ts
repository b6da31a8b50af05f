import type { SyntaxNode } from '@lezer/common';
import { treeOf } from './tree.ts';
import { selectorsOf } from './needs.ts';
import { labelAt } from './string-literal.ts';
import { argumentsOf, childrenOf, functionName, textOf, walk } from './syntax.ts';

/** A `histogram_quantile` found in a query, with the expressions that show whether its value can be believed. */
export interface QuantileUse {
  /** Undefined where it is not a number literal. */
  readonly phi: number | undefined;
  readonly buckets: string;
  /** Where the call begins in the query. */
  readonly at: number;
  /** The same expression over `_sum` and `_count`; absent where the histogram's name does not end in `_bucket`. */
  readonly sum?: string;
  readonly count?: string;
}

/** Every `histogram_quantile` of a query, however deep. */
export function quantilesOf(query: string): readonly QuantileUse[] {
  const uses: QuantileUse[] = [];
  walk(treeOf(query), (node) => {
    if (functionName(node, query) !== 'histogram_quantile') return;
    const [phiNode, inner] = argumentsOf(node);
    if (phiNode === undefined || inner === undefined) return;
    const phi = Number(query.slice(phiNode.from, phiNode.to));
    const sum = siblingExpression(inner, query, '_sum');
    const count = siblingExpression(inner, query, '_count');
    uses.push({
      phi: Number.isFinite(phi) ? phi : undefined,
      buckets: query.slice(inner.from, inner.to),
      at: node.from,
      ...(sum === undefined || count === undefined ? {} : { sum, count }),
    });
  });
  return uses;
}

/** The selector of buckets that are added up by `le` and other labels; undefined where they are not, or in another way. */
export function summedBuckets(
  buckets: string,
): { readonly selector: string; readonly by: readonly string[] } | undefined {
  const [node] = childrenOf(treeOf(buckets));
  const [selector, ...others] = selectorsOf(buckets);
  const modifier = node?.name === 'AggregateExpr' ? node.getChild('AggregateModifier') : null;
  if (modifier === null || selector === undefined || others.length > 0 || modifier?.getChild('By') == null)
    return undefined;
  const labels = childrenOf(modifier.getChild('GroupingLabels')).map((label) => labelAt(label, buckets));
  return { selector: selector.text, by: labels.filter((label) => label !== 'le') };
}

/** The expression with `x_bucket` replaced by `x_sum` or `x_count`, and `le` removed from groupings and matchers. */
function siblingExpression(inner: SyntaxNode, query: string, suffix: '_sum' | '_count'): string | undefined {
  const edits: { from: number; to: number; text: string }[] = [];
  let renamed = 0;
  let selectors = 0;
  walk(inner, (node) => {
    if (node.name === 'VectorSelector') {
      selectors += 1;
      const identifier = node.getChild('Identifier');
      const name = textOf(identifier, query);
      if (identifier === null || !name.endsWith('_bucket')) return;
      renamed += 1;
      edits.push({ from: identifier.from, to: identifier.to, text: name.slice(0, -'_bucket'.length) + suffix });
    }
    if (node.name === 'LabelMatchers') {
      const kept = childrenOf(node).filter((matcher) => labelAt(matcher.firstChild, query) !== 'le');
      edits.push({ from: node.from, to: node.to, text: `{${kept.map((one) => textOf(one, query)).join(', ')}}` });
    }
    if (node.name === 'GroupingLabels') {
      const kept = childrenOf(node).filter((label) => labelAt(label, query) !== 'le');
      edits.push({ from: node.from, to: node.to, text: `(${kept.map((one) => textOf(one, query)).join(', ')})` });
    }
  });
  if (renamed === 0 || renamed !== selectors) return undefined;
  edits.sort((a, b) => a.from - b.from);
  let result = '';
  let at = inner.from;
  for (const edit of edits) {
    result += query.slice(at, edit.from) + edit.text;
    at = edit.to;
  }
  return result + query.slice(at, inner.to);
}
