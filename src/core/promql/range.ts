import type { SyntaxNode } from '@lezer/common';
import type { Report } from './string-literal.ts';
import { childrenOf, textOf } from './syntax.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3_600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/** What Prometheus' duration can hold, 2^63 ns. */
const MAX_SECONDS = 9.2e9;

/** First number that is too large for a timestamp of Prometheus, 2^63. */
const MAX_TIMESTAMP = 2 ** 63;

/** Nodes that hold a duration expression. */
const EXPRESSIONS: ReadonlySet<string> = new Set(['DurationExpr', 'OffsetDurationExpr']);

/** Checks the durations of `[5m]` or `[5m:1m]`: above 0 and not too long. */
export function checkRange(node: SyntaxNode, query: string, report: Report): void {
  for (const duration of node.getChildren('DurationExpr')) {
    const seconds = secondsOf(duration, query);
    if (seconds !== undefined && !(seconds > 0 && seconds < MAX_SECONDS))
      report(`${textOf(duration, query)} is no length of time above 0`, duration.from);
  }
}

/** Checks the duration of `offset 5m`: it may be 0 or negative, but not too long. */
export function checkOffset(node: SyntaxNode, query: string, report: Report): void {
  for (const duration of node.getChildren('OffsetDurationExpr')) {
    const seconds = secondsOf(duration, query);
    if (seconds !== undefined && !(Math.abs(seconds) < MAX_SECONDS))
      report(`${textOf(duration, query)} is not a length of time`, duration.from);
  }
}

/** Checks the time of `@ 1700000000`: a number that a 64-bit timestamp can hold. */
export function checkTimestamp(node: SyntaxNode, query: string, report: Report): void {
  const time = node.getChild('NumberDurationLiteral');
  if (time === null) return;
  const text = textOf(time, query);
  // Between a sign and its number there may be spaces and comments.
  if (!(Math.abs(literalSeconds(text.replaceAll(/#.*|\s/g, ''))) < MAX_TIMESTAMP))
    report(`${text} is not a time for @`, time.from);
}

/**
 * The value of a duration expression in seconds; undefined where it has none. step() and range() are 0: a gate is asked
 * by instant queries, which have neither.
 */
function secondsOf(node: SyntaxNode, query: string): number | undefined {
  const children = childrenOf(node);
  const [first, second, third] = children;
  if (first === undefined) return undefined;
  if (first.name === 'NumberDurationLiteralInDurationContext') return literalSeconds(textOf(first, query));
  if (first.name === 'UnaryOp') {
    const value = second === undefined ? undefined : secondsOf(second, query);
    return value === undefined ? undefined : textOf(first, query) === '-' ? -value : value;
  }
  if (first.name === 'DurationStep' || first.name === 'DurationRange') return 0;
  if (!EXPRESSIONS.has(first.name)) return undefined;
  if (second === undefined || third === undefined) return secondsOf(first, query);
  const left = secondsOf(first, query);
  const right = secondsOf(third, query);
  return left === undefined || right === undefined ? undefined : calculate(second.name, left, right);
}

function calculate(operator: string, left: number, right: number): number | undefined {
  switch (operator) {
    case 'Add':
      return left + right;
    case 'Sub':
      return left - right;
    case 'Mul':
      return left * right;
    case 'Div':
      return left / right;
    case 'Mod':
      return left % right;
    case 'Pow':
      return left ** right;
    default:
      return undefined;
  }
}

/** The number that a literal means; a duration in seconds. NaN where it is none. */
export function literalSeconds(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  if (parts.length > 0 && !/^0x/i.test(text))
    return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? NaN), 0);
  if (/^[+-]?inf/i.test(text)) return Infinity;
  return Number(text.replaceAll('_', ''));
}
