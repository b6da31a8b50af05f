import type { SyntaxNode } from '@lezer/common';
import { textOf } from './syntax.ts';

/** Reports a problem; the offset counts from 0 into the query. */
export type Report = (problem: string, offset: number) => void;

/**
 * The value of a string literal, with its escape sequences decoded as Go does. Undefined where the literal is not valid, which
 * is reported.
 */
export function stringAt(node: SyntaxNode | null, query: string, report: Report = ignore): string | undefined {
  const literal = textOf(node, query);
  const quote = literal[0] ?? '';
  const from = node?.from ?? 0;
  if (literal.length < 2 || !literal.endsWith(quote)) {
    report('a text without its closing quote', from);
    return undefined;
  }
  const inner = literal.slice(1, -1);
  if (quote === '`' || !inner.includes('\\')) return inner;
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

/** The text of a label name or value: decoded where it is quoted, else as written. */
export function labelAt(node: SyntaxNode | null, query: string): string {
  const written = textOf(node, query);
  return /^["'`]/.test(written) ? (stringAt(node, query) ?? written) : written;
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

function ignore(): void {}
