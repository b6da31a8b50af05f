import { parser } from '@prometheus-io/lezer-promql';
import type { SyntaxNode, Tree } from '@lezer/common';
import { nearest } from './nearest.ts';

/** What a query in a file may be, for messages. */
export const PROMQL_ALLOWED = 'a PromQL expression; $window and $campaign are filled in';

/** What is wrong with a query, and where: `offset` counts from 0 into the text as written. */
export interface PromqlProblem {
  readonly problem: string;
  readonly offset: number;
  readonly suggestion?: string;
}

const MAX_LENGTH = 4_096;

/** How far around an error a name is looked for. */
const MAX_NAME = 100;

/** Stand-ins of the same length as the placeholder, so that offsets stay those of the text as written. */
const PLACEHOLDERS: Readonly<Record<string, string>> = { $window: '5m     ', $campaign: 'campaign_' };

/** Functions whose first argument must be a range. */
const RANGE_FUNCTIONS =
  /^(?:rate|irate|increase|delta|idelta|deriv|changes|resets|absent_over_time|predict_linear|(?!quantile)\w+_over_time)$/;

/**
 * Checks the syntax of a PromQL expression as a gate holds it, with `$window` and `$campaign` in it. Undefined = sound.
 * Beyond syntax it refuses what Prometheus would refuse at every evaluation: a function over a range that is given none,
 * and a bare range as the result.
 */
export function checkPromql(query: string): PromqlProblem | undefined {
  return problemOf(query)?.();
}

/** Whether {@link checkPromql} finds nothing, without working out what to say. */
export function isPromql(query: string): boolean {
  return problemOf(query) === undefined;
}

/** What is wrong, described when asked: of a file with a thousand wrong queries only some are told. */
function problemOf(query: string): (() => PromqlProblem) | undefined {
  if (query.trim() === '') return () => ({ problem: 'an empty query', offset: 0 });
  if (query.length > MAX_LENGTH) return () => ({ problem: `longer than ${MAX_LENGTH} characters`, offset: MAX_LENGTH });
  const unknown = [...query.matchAll(/\$(\w+|\{\w*\}?)?/g)].find((match) => !Object.hasOwn(PLACEHOLDERS, match[0]));
  if (unknown !== undefined) return () => describePlaceholder(unknown[0], unknown.index);
  const text = query.replaceAll(/\$window|\$campaign/g, (name) => PLACEHOLDERS[name] ?? name);
  const tree = parser.parse(text);
  const error = firstError(tree);
  if (error !== undefined) return () => describeError(text, error.from, error.to);
  const range = rangeProblem(tree, text);
  return range === undefined ? undefined : () => range;
}

function describePlaceholder(placeholder: string, offset: number): PromqlProblem {
  const suggestion = nearest(placeholder.replaceAll(/[{}]/g, ''), Object.keys(PLACEHOLDERS));
  const problem = `${placeholder} is not filled in by anything`;
  return { problem, offset, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** The query around an offset, with a mark at it: `sum(foo »bar)`. */
export function excerpt(query: string, offset: number): string {
  const start = Math.max(0, offset - 40);
  const end = Math.min(query.length, offset + 20);
  const text = `${query.slice(start, offset)}»${query.slice(offset, end)}`.replaceAll(/\s+/g, ' ');
  return `${start > 0 ? '…' : ''}${text}${end < query.length ? '…' : ''}`;
}

function firstError(tree: Tree): { readonly from: number; readonly to: number } | undefined {
  let found: { readonly from: number; readonly to: number } | undefined;
  tree.iterate({
    enter(node) {
      if (found === undefined && node.type.isError) found = { from: node.from, to: node.to };
      return found === undefined;
    },
  });
  return found;
}

function describeError(text: string, from: number, to: number): PromqlProblem {
  const rest = text.slice(from, from + MAX_NAME);
  const before = /[A-Za-z_]\w*$/.exec(text.slice(Math.max(0, from - MAX_NAME), from).trimEnd())?.[0] ?? '';
  // A name that is no function is an error at its parenthesis, or within the name: `histogram_quant|le(`.
  const tail = /^(\w*)\s*\(/.exec(rest)?.[1];
  if (before !== '' && tail !== undefined && (tail === '' || text.slice(0, from).endsWith(before))) {
    const name = before + tail;
    const suggestion = nearest(name, functionNames());
    const offset = text.slice(0, from).trimEnd().length - before.length;
    return { problem: `${name} is no PromQL function`, offset, ...(suggestion === undefined ? {} : { suggestion }) };
  }
  if (rest.trim() === '') return { problem: 'the expression ends too early', offset: text.trimEnd().length };
  const piece = text.slice(from, Math.max(to, from + 1)).trim() || rest.trim().slice(0, 1);
  if (piece === PLACEHOLDERS['$campaign']) return { problem: '$campaign is a text and needs quotes', offset: from };
  return { problem: `${JSON.stringify(piece.slice(0, 30))} is not expected here`, offset: from };
}

function functionNames(): readonly string[] {
  return parser.nodeSet.types
    .map((type) => type.name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase())
    .filter((name) => /^[a-z][a-z_]+$/.test(name));
}

function rangeProblem(tree: Tree, text: string): PromqlProblem | undefined {
  const top = tree.topNode.firstChild;
  if (top?.name === 'MatrixSelector' || top?.name === 'SubqueryExpr') {
    return {
      problem: 'gives a range of values, not one value: put it into rate(), increase() or the like',
      offset: top.from,
    };
  }
  let found: PromqlProblem | undefined;
  tree.iterate({
    enter(node) {
      if (found === undefined && node.name === 'FunctionCall') found = withoutRange(node.node, text);
      return found === undefined;
    },
  });
  return found;
}

function withoutRange(call: SyntaxNode, text: string): PromqlProblem | undefined {
  const identifier = call.getChild('FunctionIdentifier');
  const name = identifier === null ? '' : text.slice(identifier.from, identifier.to);
  if (!RANGE_FUNCTIONS.test(name)) return undefined;
  const argument = call.getChild('FunctionCallBody')?.firstChild;
  if (argument?.name !== 'VectorSelector') return undefined;
  return { problem: `${name}() needs a range, such as [$window]`, offset: argument.to };
}
