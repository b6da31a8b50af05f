import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { safeForTerminal } from '../../../src/core/text/terminal.ts';

const COLOUR = /\p{Cc}\[\d{1,2}m/gu;

test.each<[text: string, shown: string]>([
  ['plain äöü\n\tnext', 'plain äöü\n\tnext'],
  ['\u001B[31mred\u001B[0m', '\u001B[31mred\u001B[0m'],
  ['fail: \u001B[8mhidden', 'fail: \\u001b[8mhidden'],
  ['\u001B[30;40mhidden\u001B[5m', '\\u001b[30;40mhidden\\u001b[5m'],
  ['\u001B[1;8mhidden\u001B[38;5;0m', '\\u001b[1;8mhidden\\u001b[38;5;0m'],
  ['\u001B[2J\u001B[H', '\\u001b[2J\\u001b[H'],
  ['\u001B]0;title\u0007', '\\u001b]0;title\\u0007'],
  ['\u009B31m', '\\u009b31m'],
  ['\u009B[31m', '\\u009b[31m'],
  ['a\rb\bc', 'a\\u000db\\u0008c'],
  ['evil\u202Etxt.exe', 'evil\\u202etxt.exe'],
  ['note\n  ::add-mask::a', 'note\n  \\u003a:add-mask::a'],
  ['::stop-commands::x', '\\u003a:stop-commands::x'],
  ['of a::b::c', 'of a::b::c'],
  ['::1 is loopback', '::1 is loopback'],
  ['refused: ##[add-matcher]/x', 'refused: #\\u0023[add-matcher]/x'],
  ['##vso[task.prependpath]/x', '#\\u0023vso[task.prependpath]/x'],
  ['###teamcity[x]', '##\\u0023teamcity[x]'],
  ['## heading [x]', '## heading [x]'],
])('%j is shown as %j', (text, shown) => {
  expect(safeForTerminal(text)).toBe(shown);
});

test('nothing but colours is left of what a terminal obeys', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = safeForTerminal(text);
      expect(stripVTControlCharacters(shown)).toBe(shown.replaceAll(COLOUR, ''));
      expect(shown.replaceAll(COLOUR, '')).not.toMatch(/(?![\n\t])\p{Cc}/u);
    }),
  );
});

test('nothing is left that the runner of a CI job obeys', () => {
  const signs = fc.constantFrom(':', '#', '[', ']', 'a', 'vso', ' ', '\n', '\r', '\u001B[0m');
  fc.assert(
    fc.property(fc.array(signs), (parts) => {
      const shown = safeForTerminal(parts.join(''));
      expect(shown).not.toMatch(/^\s*::[A-Za-z].*::/m);
      expect(shown).not.toMatch(/##\w*\[/);
    }),
  );
});

test('inside of JSON the text stays the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(JSON.parse(safeForTerminal(JSON.stringify({ text })))).toEqual({ text });
    }),
  );
});
