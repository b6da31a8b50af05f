import type { SyntaxNode } from '@lezer/common';
import { readMatcherRegex } from './regex.ts';
import type { RegexReading } from './regex.ts';

/** Notes what is wrong, and where: the offset counts from 0 into the query. */
export type Report = (problem: string, offset: number) => void;

/**
 * Checks a selector's matchers: no name twice, regular expressions that Prometheus reads, and one matcher at least that
 * the empty text does not match, without which Prometheus refuses to answer with every series there is.
 *
 * @param role `labels`: the second argument of info(), which only names labels
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
    if ((isName || label === '__name__') && identifier !== null)
      report('the name of the metric stands here twice', matcher.from);
    narrows = (isName ? label !== '' : isNarrow(matcher, query, report)) || narrows;
  }
  if (!narrows && role === 'series')
    report('selects every series: name a metric, or a label that may not be empty', node.from);
}

/** Whether a matcher leaves out series that lack its label. */
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

/** The text a string literal stands for; undefined, and told, where it is none. */
export function stringAt(node: SyntaxNode | null, query: string, report: Report): string | undefined {
  const literal = textOf(node, query);
  const quote = literal[0] ?? '';
  const from = node?.from ?? 0;
  if (literal.length < 2 || !literal.endsWith(quote)) {
    report('a text without its closing quote', from);
    return undefined;
  }
  const inner = literal.slice(1, -1);
  if (quote === '`') return inner;
  const escape = new RegExp(
    String.raw`\\(?:([abfnrtv\\${quote}])|x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|[^])`,
    'gu',
  );
  let wrong: { readonly text: string; readonly at: number } | undefined;
  const value = inner.replaceAll(escape, (match: string, ...groups: readonly unknown[]) => {
    const [letter, hex, octal, short, long] = groups as readonly (string | undefined)[];
    if (letter !== undefined) return LETTERS[letter] ?? letter;
    const digits = hex ?? short ?? long;
    const code = digits === undefined ? (octal === undefined ? NaN : parseInt(octal, 8)) : parseInt(digits, 16);
    if (code <= 0x10ffff) return String.fromCodePoint(code);
    wrong ??= { text: match, at: Number(groups[5]) };
    return match;
  });
  if (wrong === undefined) return value;
  report(`${wrong.text} has no meaning in a text: write \\${wrong.text} for a \\, or use \`…\``, from + 1 + wrong.at);
  return undefined;
}

const LETTERS: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The nodes beneath a node, comments left out. */
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
