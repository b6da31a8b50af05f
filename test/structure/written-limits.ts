import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAst } from 'vitest/node';

/** A number that is written in the source: where, under which name, and its text. */
export interface WrittenNumber {
  readonly file: string;
  readonly line: number;
  /** Of a constant, of a field or parameter such as `budgetMs`, or of the function that gets the number, such as `sleep`. */
  readonly name: string;
  readonly constant: boolean;
  readonly text: string;
}

/** The source of a node, as the parser reports it. */
interface Piece {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** Constants that limit something: times, batches, pages and counts. */
const LIMIT =
  /(^|_)(MS|AT_ONCE|PAGE|BUDGETS|QUERIES|CALLS|ATTEMPTS|POLLS|SIGNALS)$|(^|_)(PARALLEL|BATCH|PAGE)(_|$)|(^|_)(MS|CALLS|REQUESTS)_PER_/;
/** Fields and parameters that hold a time. A moment, such as `atMs`, is not a limit. */
const TIME = /(?<!(^a|A)t)Ms$/;
/** Functions that get a time. */
const WAIT = /^(AbortSignal\.timeout|sleep|setTimeout|setInterval)$/;
const NUMBER = /^[-(]*\d[\d_.e\s()*+/-]*$/;

/** Every constant with a number, and every time that is written as a number, in `<root>/src`. */
export function writtenNumbers(root: string): readonly WrittenNumber[] {
  return readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .toSorted()
    .flatMap((name) => numbersOf(join('src', name), readFileSync(join(root, 'src', name), 'utf8')));
}

/** Limits and times that activities and adapters write themselves instead of importing them from `core/plan/limits.ts`. */
export function limitsOutside(numbers: readonly WrittenNumber[], folders: readonly string[]): readonly WrittenNumber[] {
  return numbers.filter(
    ({ file, name, constant }) =>
      folders.some((folder) => file.startsWith(folder)) && (constant ? LIMIT.test(name) : true),
  );
}

/** Limits that are defined more than once under one name. */
export function limitsTwice(numbers: readonly WrittenNumber[]): readonly WrittenNumber[] {
  const limits = numbers.filter(({ name, constant }) => constant && LIMIT.test(name));
  return limits.filter(({ name }) => limits.filter((other) => other.name === name).length > 1);
}

function numbersOf(file: string, source: string): readonly WrittenNumber[] {
  const found: WrittenNumber[] = [];
  const textOf = (piece: unknown): string => (isPiece(piece) ? source.slice(piece.start, piece.end) : '');
  const add = (name: string, constant: boolean, value: unknown): void => {
    const text = textOf(value);
    if (!isPiece(value) || !NUMBER.test(text) || Number(text) === 0) return;
    found.push({ file, line: source.slice(0, value.start).split('\n').length, name, constant, text });
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isPiece(value)) return;
    if (value.type === 'VariableDeclarator' && isPiece(value['id']))
      add(String(value['id']['name']), true, value['init']);
    else if (value.type === 'Property' && TIME.test(textOf(value['key'])))
      add(textOf(value['key']), false, value['value']);
    else if (value.type === 'AssignmentPattern' && TIME.test(textOf(value['left'])))
      add(textOf(value['left']), false, value['right']);
    else if (value.type === 'CallExpression' && WAIT.test(textOf(value['callee'])) && Array.isArray(value['arguments']))
      for (const argument of value['arguments']) add(textOf(value['callee']), false, argument);
    Object.values(value).forEach(visit);
  };
  visit(parseAst(source, { lang: 'ts' }));
  return found;
}

function isPiece(value: unknown): value is Piece {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
