import type { SyntaxNode } from '@lezer/common';
import { readMatcherRegex } from './regex.ts';
import type { RegexReading } from './regex.ts';
import { stringAt } from './string-literal.ts';
import type { Report } from './string-literal.ts';
import { childrenOf, textOf } from './syntax.ts';

/**
 * Checks the matchers of a selector: the metric is named once, regular expressions are valid, and at least one matcher does
 * not match the empty text. Prometheus refuses a selector of every series.
 *
 * @param role `labels`: the second argument of info(), which has labels only
 */
export function checkSelector(node: SyntaxNode, query: string, role: 'series' | 'labels', report: Report): void {
  const identifier = node.getChild('Identifier');
  if (role === 'labels' && identifier !== null) report('info() takes labels only here, without a name: {…}', node.from);
  let narrows = identifier !== null;
  for (const matcher of childrenOf(node.getChild('LabelMatchers'))) {
    const isName = matcher.name === 'QuotedLabelName';
    const quoted = isName ? matcher : matcher.getChild('QuotedLabelName');
    const label =
      quoted === null ? textOf(matcher.getChild('LabelName'), query) : stringAt(quoted.firstChild, query, report);
    if ((isName || label === '__name__') && identifier !== null) report('the metric is named twice', matcher.from);
    narrows = (isName ? label !== '' : isNarrow(matcher, query, report)) || narrows;
  }
  if (!narrows && role === 'series')
    report('selects every series: name a metric, or a label that may not be empty', node.from);
}

/** Whether a matcher excludes series without its label. */
function isNarrow(matcher: SyntaxNode, query: string, report: Report): boolean {
  const value = matcher.getChild('StringLiteral');
  const text = stringAt(value, query, report);
  const operator = textOf(matcher.getChild('MatchOp'), query);
  if (text === undefined || value === null) return true;
  const matchesEmpty = operator.includes('~') ? checkRegex(readMatcherRegex(text), value.from, report) : text === '';
  return operator.startsWith('!') === matchesEmpty;
}

/** Checks the labels of by, without, on and the like: none is empty. */
export function checkGrouping(node: SyntaxNode, query: string, report: Report): void {
  for (const label of childrenOf(node)) {
    if (label.name === 'QuotedLabelName' && stringAt(label.firstChild, query, report) === '')
      report('a label needs a name', label.from);
  }
}

/** Reports a regular expression that Prometheus refuses. Returns whether it matches the empty text. */
export function checkRegex(reading: RegexReading, offset: number, report: Report): boolean {
  if (reading.ok) return reading.matchesEmpty;
  report(`not a regular expression: ${reading.problem}`, offset);
  return false;
}
