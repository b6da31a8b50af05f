import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, cell, code, paragraph } from '../../../src/core/text/markdown.ts';

test.each([
  ['a | b', String.raw`a \| b`],
  ['![x](https://evil.example/a.png)', '\\!\\[x\\](https:\u2060//evil.example/a.png)'],
  ['<img src=x>', String.raw`\<img src=x>`],
  ['`code` **bold** _word_ ~~gone~~', String.raw`\`code\` \*\*bold\*\* \_word\_ \~\~gone\~\~`],
  [String.raw`\|`, String.raw`\\\|`],
  ['two\r\nlines\tand\u2028more', 'two lines and more'],
  ['see www.evil.example', 'see www\u2060.evil.example'],
])('%j is the cell %j', (text, written) => {
  expect(cell(text)).toBe(written);
});

test.each([
  ['![x](https://evil.example/a.png)', '\\!\\[x\\](https:\u2060//evil.example/a.png)'],
  ['# no heading', String.raw`\# no heading`],
  ['> no quote', String.raw`\> no quote`],
  ['- no item', String.raw`\- no item`],
  ['1. no item', String.raw`1\. no item`],
  ['12) no item', String.raw`12\) no item`],
  ['12 Pods', '12 Pods'],
  ['a\n\n# b\n```', String.raw`a # b \`\`\``],
  ['**retry** of soak (*x*)', String.raw`**retry** of soak (\*x\*)`],
])('%j is the paragraph %j', (text, written) => {
  expect(paragraph(text, 1_000)).toBe(written);
});

test('code stays within its line', () => {
  expect(code('a`b|c\nd')).toBe('`a b c d`');
});

test('a cell ends no row, begins no column, and has a bound', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const written = cell(text);
      expect(written).not.toMatch(/[\r\n\u2028\u2029]/);
      expect(written.replaceAll(/\\[^]/g, '')).not.toMatch(/[|<[\]`*]/);
      expect(bytesOf(written)).toBeLessThanOrEqual(600);
    }),
  );
});
