/**
 * Errors in a file or an input, in parts, and their text for a person. Independent of the schema library, so that all folders
 * may import it.
 */

import { withoutPasswords } from '../text/secrets.ts';

/** One thing wrong with a file. */
export interface FileError {
  /** The file as the user named it, `input` for a workflow's input, or the override that brought the value in. */
  readonly file: string;
  /** 1-based; 0 = the text has no position (an inline object, an override, a file that cannot be read). */
  readonly line: number;
  readonly column: number;
  /** Dotted path of the field, e.g. `loadProfile.soakSeconds`; empty = the file as a whole. */
  readonly path: string;
  /** What is wrong, as a phrase: `unknown key`, `missing`, `not a whole number`. */
  readonly problem: string;
  /** The value, quoted, with its type. Empty where there is none. */
  readonly found: string;
  /** What is allowed. */
  readonly allowed: string;
  /** The nearest known name, if one is near. */
  readonly suggestion?: string;
}

/** Something the reader should know about a file that loads. */
export interface Notice {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** A parsed file, or everything that is wrong with it. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly notices: readonly Notice[] }
  | { readonly ok: false; readonly errors: readonly FileError[] };

/** One error, on one line: `profiles/x.yaml:12:3 loadProfile.soakSecs: unknown key; known here: ...; did you mean soakSeconds?` */
export function formatFileError(error: FileError): string {
  const parts = [error.problem];
  if (error.found !== '') parts.push(`found ${error.found}`);
  if (error.allowed !== '')
    parts.push(`${error.problem === 'unknown key' ? 'known here' : 'allowed'}: ${error.allowed}`);
  if (error.suggestion !== undefined) parts.push(`did you mean ${error.suggestion}?`);
  const path = error.path === '' ? '' : ` ${shortPath(error.path)}`;
  return printable(withoutPasswords(`${positionText(error)}${path}: ${parts.join('; ')}`));
}

/** Longest path that is shown whole. */
const MAX_PATH = 200;

/** A file may hold what moves the cursor, colours the terminal or turns the reading direction; shown, it is harmless. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

function shortPath(path: string): string {
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH - 3)}...` : path;
}

/** All errors, one a line, in the order of the file. */
export function formatFileErrors(errors: readonly FileError[]): string {
  return errors.map(formatFileError).join('\n');
}

/** A notice, on one line. */
export function formatNotice(notice: Notice): string {
  const path = notice.path === '' ? '' : ` ${shortPath(notice.path)}`;
  return printable(`${positionText(notice)}${path}: ${notice.message}`);
}

/** Files keep their order, the lines within a file go upwards; what has no position comes first. */
export function sortFileErrors(errors: readonly FileError[]): readonly FileError[] {
  const files = [...new Set(errors.map((error) => error.file))];
  return [...errors].sort(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      a.line - b.line ||
      a.column - b.column ||
      a.path.localeCompare(b.path),
  );
}

function positionText(at: { readonly file: string; readonly line: number; readonly column: number }): string {
  return at.line === 0 ? at.file : `${at.file}:${at.line}:${at.column}`;
}
