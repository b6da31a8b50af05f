import { describe, expect, it } from 'vitest';
import { formatFileErrors, formatNotice } from '../../../src/core/files/file-error.ts';
import { parseProfile } from '../../../src/core/profile/parse.ts';

describe('what is shown of a file', () => {
  it.each([
    ['colours', '"\\e[31mred": 1', '\\u001b[31mred: unknown key'],
    ['a line of its own', '"a\\nx.yaml:1:1 b": 1', 'a\\u000ax.yaml:1:1 b: unknown key'],
    ['a turned direction', '"\\u202Eltr": 1', '\\u202eltr: unknown key'],
    ['a hidden letter', '"\\U000E0041seed": 1', '\\u{e0041}seed: unknown key'],
  ])('cannot be %s', (_, text, message) => {
    expect(told(text)).toContain(message);
    expect(told(text)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it.each([
    ['a tag', '!'.repeat(100_000)],
    ['an anchor', `a: *${'x'.repeat(100_000)}`],
    ['a key', `${'x'.repeat(100_000)}: 1`],
    ['a value', `metadata: { name: ${'x'.repeat(100_000)} }`],
  ])('is short, however long %s is', (_, text) => {
    for (const line of told(text, '\n').split('\n')) expect(line.length).toBeLessThan(1_000);
  });

  it('holds for notices too', () => {
    const notice = { file: 'x.yaml', line: 1, column: 1, path: '\u001B[31m', message: 'has no effect' };
    expect(formatNotice(notice)).toBe('x.yaml:1:1 \\u001b[31m: has no effect');
  });
});

/** The errors, on one line where the file has one error a line. */
function told(text: string, between = ' '): string {
  const parsed = parseProfile(text, { file: 'x.yaml' });
  return parsed.ok ? '' : formatFileErrors(parsed.errors).replaceAll('\n', between);
}
