import { parser } from '@prometheus-io/lezer-promql';
import type { Tree } from '@lezer/common';
import { nearest } from '../text/nearest.ts';
import { MAX_NAME_LETTERS, MAX_QUERY_LETTERS, MAX_QUERY_PARTS } from './bounds.ts';
import { PROMQL_NAMES } from './functions.ts';
import { checkTypes } from './types.ts';

/** What a query in a file may be, for messages. */
export const PROMQL_ALLOWED =
  'a PromQL expression whose value comes from a series; $window, $campaign and $execution are filled in';

/** What is wrong with a query, and where: `offset` counts from 0 into the text as written. */
export interface PromqlProblem {
  readonly problem: string;
  readonly offset: number;
  readonly suggestion?: string;
}

/** What counts as a part of a query: its operators, calls and parentheses. */
const PARTS: ReadonlySet<string> = new Set([
  'AggregateExpr',
  'BinaryExpr',
  'FunctionCall',
  'OffsetExpr',
  'ParenExpr',
  'StepInvariantExpr',
  'SubqueryExpr',
  'UnaryExpr',
]);

/** Nodes that hold a number or a duration. */
const NUMBERS: ReadonlySet<string> = new Set(['NumberDurationLiteral', 'NumberDurationLiteralInDurationContext']);

/** Replacements of the same length as the placeholder, so that offsets still refer to the text as written. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  $window: '5m     ',
  $campaign: 'campaign_',
  $execution: 'execution_',
};

/** Texts and comments of a query, where a `$` means nothing to Belay: it ends a regular expression, or names a group. */
const TEXTS = /"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`[^`]*`|#.*/g;

/**
 * Checks the PromQL expression of a gate, which may contain `$window`, `$campaign` and `$execution`. Undefined = sound. It refuses what
 * Prometheus would refuse at every evaluation, and what gives no reading: a range of values or a text as the result.
 */
export function checkPromql(query: string): PromqlProblem | undefined {
  return problemOf(query)?.();
}

/** What is wrong with a query in one sentence, with the position; undefined when it is sound. */
export function promqlProblem(query: string): string | undefined {
  const found = checkPromql(query);
  if (found === undefined) return undefined;
  const where = query.trim() === '' ? '' : ` (character ${found.offset + 1}: ${excerpt(query, found.offset)})`;
  return `PromQL: ${found.problem}${where}`;
}

/** Whether {@link checkPromql} finds nothing, without working out the message. */
export function isPromql(query: string): boolean {
  return problemOf(query) === undefined;
}

/** What is wrong, worked out on demand: of a file with a thousand wrong queries only some are reported. */
function problemOf(query: string): (() => PromqlProblem) | undefined {
  if (query.trim() === '') return () => ({ problem: 'an empty query', offset: 0 });
  if (query.length > MAX_QUERY_LETTERS)
    return () => ({
      problem: `longer than ${MAX_QUERY_LETTERS} characters: it has ${query.length}`,
      offset: MAX_QUERY_LETTERS,
    });
  const unknown = unknownPlaceholder(query);
  if (unknown !== undefined) return () => describePlaceholder(unknown.name, unknown.offset);
  const text = filledForParsing(query);
  const tree = parser.parse(text);
  const error = firstError(tree, text);
  if (error !== undefined) return () => describeError(text, error.from, error.to);
  const parts = partsOf(tree);
  const excess = parts[MAX_QUERY_PARTS];
  if (excess !== undefined)
    return () => ({
      problem: `more than ${MAX_QUERY_PARTS} operators, functions and parentheses: it has ${parts.length}`,
      offset: excess,
    });
  const wrong = typeProblem(tree, text);
  return wrong === undefined ? undefined : () => wrong;
}

/** A query with stand-ins for its placeholders, of the same length, so that it can be parsed. */
export function filledForParsing(query: string): string {
  return query.replaceAll(/\$(?:window|campaign|execution)\b/g, (name) => PLACEHOLDERS[name] ?? name);
}

/** A `$name` that is not a placeholder. In a string literal, only one that looks like a misspelt placeholder. */
function unknownPlaceholder(query: string): { readonly name: string; readonly offset: number } | undefined {
  const texts = [...query.matchAll(TEXTS)].map((match) => [match.index, match.index + match[0].length] as const);
  for (const { 0: name, index: offset } of query.matchAll(/\$(?:\w+|\{\w*\}?)?/g)) {
    const inText = texts.some(([from, to]) => offset >= from && offset < to);
    if (!Object.hasOwn(PLACEHOLDERS, name) && (!inText || placeholderNear(name) !== undefined)) return { name, offset };
  }
  return undefined;
}

function placeholderNear(name: string): string | undefined {
  const plain = name.replaceAll(/[{}]/g, '');
  return Object.hasOwn(PLACEHOLDERS, plain) ? plain : nearest(plain, Object.keys(PLACEHOLDERS));
}

function describePlaceholder(placeholder: string, offset: number): PromqlProblem {
  const suggestion = placeholderNear(placeholder);
  const problem = `${placeholder} is not filled in by anything`;
  return { problem, offset, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** The query around an offset, with a mark at it: `sum(foo »bar)`. */
function excerpt(query: string, offset: number): string {
  const start = Math.max(0, offset - 40);
  const end = Math.min(query.length, offset + 20);
  const text = `${query.slice(start, offset)}»${query.slice(offset, end)}`.replaceAll(/\s+/g, ' ');
  return `${start > 0 ? '…' : ''}${text}${end < query.length ? '…' : ''}`;
}

/** The first error of the parser, or a number with a word right after it, which the parser lets through: `3and a`. */
function firstError(tree: Tree, text: string): { readonly from: number; readonly to: number } | undefined {
  let found: { readonly from: number; readonly to: number } | undefined;
  tree.iterate({
    enter(node) {
      const glued = NUMBERS.has(node.name) && /\w/.test(text[node.to] ?? '');
      if (found === undefined && node.type.isError) found = { from: node.from, to: node.to };
      else if (found === undefined && glued) found = { from: node.to, to: node.to + 1 };
      return found === undefined;
    },
  });
  return found;
}

/** Where each part of a query begins. */
function partsOf(tree: Tree): readonly number[] {
  const found: number[] = [];
  tree.iterate({
    enter(node) {
      if (PARTS.has(node.name)) found.push(node.from);
    },
  });
  return found;
}

function describeError(text: string, from: number, to: number): PromqlProblem {
  const rest = text.slice(from, from + MAX_NAME_LETTERS);
  const before = /[A-Za-z_]\w*$/.exec(text.slice(Math.max(0, from - MAX_NAME_LETTERS), from).trimEnd())?.[0] ?? '';
  // A name that is no function is an error at its parenthesis, or within the name: `histogram_quant|le(`.
  const tail = /^(\w*)\s*\(/.exec(rest)?.[1];
  if (before !== '' && tail !== undefined && (tail === '' || text.slice(0, from).endsWith(before))) {
    const name = before + tail;
    const suggestion = nearest(name, PROMQL_NAMES);
    const offset = text.slice(0, from).trimEnd().length - before.length;
    return { problem: `${name} is no PromQL function`, offset, ...(suggestion === undefined ? {} : { suggestion }) };
  }
  if (rest.trim() === '') return { problem: 'the expression ends too early', offset: text.trimEnd().length };
  const piece = text.slice(from, Math.max(to, from + 1)).trim() || rest.trim().slice(0, 1);
  const quoted = ['$campaign', '$execution'].find((name) => piece === PLACEHOLDERS[name]);
  if (quoted !== undefined) return { problem: `${quoted} is a text and needs quotes`, offset: from };
  return { problem: `${JSON.stringify(piece.slice(0, 30))} is not expected here`, offset: from };
}

/** The first error beyond syntax: what Prometheus would refuse, or a result that is not a reading. */
function typeProblem(tree: Tree, text: string): PromqlProblem | undefined {
  const expression = tree.topNode.getChild('Expr') ?? tree.topNode.firstChild;
  if (expression === null) return undefined;
  const found: PromqlProblem[] = [];
  const type = checkTypes(expression, text, (problem, offset) => found.push({ problem, offset }));
  if (found.length > 0) return found.reduce((first, other) => (other.offset < first.offset ? other : first));
  const offset = expression.from;
  if (type === 'matrix')
    return { problem: 'gives a range of values, not one value: put it into rate(), increase() or the like', offset };
  return type === 'string' ? { problem: 'gives a text, which is no reading', offset } : undefined;
}
