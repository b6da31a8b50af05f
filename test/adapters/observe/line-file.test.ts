import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { firstLine, linesOf, wholeLineBytes } from '../../../src/adapters/observe/line-file.ts';

/** More than a chunk of the reader. */
const LONG = 'ä'.repeat(50_000);

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-lines-'));
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true }));

const MANY = Array.from({ length: 20_000 }, (_, index) => `["c",${index}]`);

test.each<[string, string, readonly string[], number]>([
  ['an empty file', '', [], 0],
  ['one line', 'a\n', ['a'], 2],
  ['a line that is cut off', 'a\nbc', ['a', 'bc'], 2],
  ['only a line that is cut off', 'bc', ['bc'], 0],
  ['empty lines', '\n\na\n', ['', '', 'a'], 4],
  ['many lines', `${MANY.join('\n')}\n`, MANY, MANY.join('\n').length + 1],
  ['a line that is longer than a chunk', `a\n${LONG}\nb`, ['a', LONG, 'b'], 3 + Buffer.byteLength(LONG)],
])('%s', (_, text, lines, whole) => {
  writeFileSync(path, text);
  expect([...linesOf(path, Infinity)]).toEqual(lines);
  expect(firstLine(path)).toBe(lines[0] ?? '');
  expect(wholeLineBytes(path)).toBe(whole);
});

test('only the first bytes are read', () => {
  writeFileSync(path, 'one\ntwo\nthree\n');
  expect([...linesOf(path, 8)]).toEqual(['one', 'two']);
  expect([...linesOf(path, 0)]).toEqual([]);
});
