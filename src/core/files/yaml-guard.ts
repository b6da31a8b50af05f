import { CST, Lexer } from 'yaml';
import { MAX_DEPTH, MAX_FILE_BYTES, MAX_TOKENS } from './bounds.ts';

/** Why a text is not given to the YAML parser at all. */
export interface Refusal {
  readonly problem: string;
  readonly found: string;
  readonly allowed: string;
  /** 1-based line. */
  readonly line: number;
  readonly column: number;
}

/**
 * Looks over a text before it is parsed: not binary, not too large, not nested without end. The parser keeps every token
 * in memory and calls itself for each level, so this runs on the stream of its lexer, which does neither.
 */
export function refuseText(text: string): Refusal | undefined {
  const zero = indexOfAny(text, ['\u0000', '\uFFFE', '\uFFFF']);
  if (zero >= 0) {
    return at(
      text,
      zero,
      'binary data, not text',
      `a byte ${text[zero] === '\u0000' ? 'of value 0' : 'that is no text'}`,
      'YAML text in UTF-8',
    );
  }
  if (text.length > MAX_FILE_BYTES) {
    return {
      problem: 'too large',
      found: `${text.length} characters`,
      allowed: `at most ${MAX_FILE_BYTES}`,
      line: 0,
      column: 0,
    };
  }
  let offset = 0;
  let tokens = 0;
  let flowDepth = 0;
  let lineDepth = 0;
  /** Columns at which the lines begin that the present one lies in: a level each, at most. */
  const indents: number[] = [];
  let indent: number | undefined = 0;
  for (const token of new Lexer().lex(text)) {
    switch (CST.tokenType(token)) {
      case 'flow-map-start':
      case 'flow-seq-start':
        flowDepth++;
        break;
      case 'flow-map-end':
      case 'flow-seq-end':
        flowDepth = Math.max(0, flowDepth - 1);
        break;
      case 'seq-item-ind':
      case 'explicit-key-ind':
        lineDepth++;
        break;
      case 'newline':
        lineDepth = 0;
        break;
      default:
    }
    indent = nextIndent(indent, token);
    if (indent !== undefined && flowDepth === 0 && opensLine(token)) {
      while ((indents.at(-1) ?? -1) >= indent) indents.pop();
      indents.push(indent);
      indent = undefined;
    }
    if (flowDepth > MAX_DEPTH || lineDepth > MAX_DEPTH || indents.length > MAX_DEPTH + 1) {
      return at(text, offset, 'nested too deeply', `more than ${MAX_DEPTH} levels`, `at most ${MAX_DEPTH} levels`);
    }
    if (++tokens > MAX_TOKENS) {
      return at(text, offset, 'holds too much', `more than ${MAX_TOKENS} words and marks`, `at most ${MAX_TOKENS}`);
    }
    if (!CONTROL.has(token)) offset += token.length;
  }
  return undefined;
}

/** Column of a line while nothing but space was seen of it; undefined after that. */
function nextIndent(indent: number | undefined, token: string): number | undefined {
  const type = CST.tokenType(token);
  if (type === 'newline') return 0;
  return type === 'space' && indent !== undefined ? indent + token.length : indent;
}

/** Whether a token, first in its line, is of a map or a list and not of a comment or an empty line. */
function opensLine(token: string): boolean {
  const type = CST.tokenType(token);
  return type !== 'space' && type !== 'newline' && type !== 'comment' && !CONTROL.has(token);
}

function indexOfAny(text: string, marks: readonly string[]): number {
  const found = marks.map((mark) => text.indexOf(mark)).filter((index) => index >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}

/** Tokens that stand for no text: byte order mark aside, the lexer's own marks of documents, scalars and flow errors. */
const CONTROL: ReadonlySet<string> = new Set([CST.DOCUMENT, CST.SCALAR, CST.FLOW_END]);

function at(text: string, offset: number, problem: string, found: string, allowed: string): Refusal {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return { problem, found, allowed, line, column: offset - before.lastIndexOf('\n') };
}
