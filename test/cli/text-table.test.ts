import { stripVTControlCharacters } from 'node:util';
import { afterEach, expect, test, vi } from 'vitest';
import { textTable } from '../../src/cli/text-table.ts';

const HEAD = ['gate', 'measured', 'took so long', 'why'];
const ROWS = [
  [
    'podBindP99',
    '1.234 s',
    17,
    'the scheduler needed more time than the bar allows, in 3 of 5 windows\n  at the end of the soak',
  ],
  ['apiserverMutatingP99', '–', '', `/a/path/${'that-is-long/'.repeat(6)}`],
] as const;
const OPTIONS = { right: [1, 2] };

afterEach(() => vi.unstubAllEnvs());

function linesOf(text: string): readonly string[] {
  return stripVTControlCharacters(text).split('\n');
}

/** The letters of a table, without borders, space and breaks of lines. */
function lettersOf(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/[\s\u2500-\u257F]/g, '');
}

test.each([30, 40, 60, 72, 80, 100, 120])(
  'no line is wider than a terminal of %i columns, and nothing is lost',
  (width) => {
    const text = textTable(HEAD, ROWS, { ...OPTIONS, width });
    expect(Math.max(...linesOf(text).map((line) => line.length))).toBeLessThanOrEqual(width);
    for (const cell of ['podBindP99', '1.234 s'])
      expect(
        linesOf(text).some((line) => line.includes(cell)),
        cell,
      ).toBe(true);
    const expected = ROWS.flat().join('');
    for (const letter of new Set(lettersOf(expected)))
      expect(count(lettersOf(text), letter), letter).toBeGreaterThanOrEqual(count(lettersOf(expected), letter));
  },
);

function count(text: string, letter: string): number {
  return text.split(letter).length - 1;
}

test('rows are blocks on a narrow terminal, and lines without borders before that', () => {
  expect(
    textTable(
      ['name', 'value'],
      [
        ['a', 'one two three four'],
        ['b', ''],
      ],
      { width: 14 },
    ),
  ).toBe('name   a\nvalue  one two\n       three\n       four\n\nname   b');
  expect(
    textTable(
      [],
      [
        ['Pods', '400'],
        ['cost', 'nothing at all'],
      ],
      { width: 16 },
    ),
  ).toBe('Pods  400\ncost  nothing at\n      all');
  expect(linesOf(textTable(['an a', 'b'], [['1', '22']], { right: [0, 1], width: 8 }))).toEqual([
    'an  b',
    ' a',
    ' 1 22',
  ]);
});

test('COLUMNS says how wide a line may be; a text that goes elsewhere has no limit', () => {
  const wide = 1_000;
  const row = ['x'.repeat(wide)];
  vi.stubEnv('COLUMNS', '40');
  expect(Math.max(...linesOf(textTable(['a'], [row])).map((line) => line.length))).toBeLessThanOrEqual(40);
  for (const none of ['', '0', '-1', 'wide', '1e9']) {
    vi.stubEnv('COLUMNS', none);
    expect(Math.max(...linesOf(textTable(['a'], [row])).map((line) => line.length))).toBe(wide + 4);
  }
});
