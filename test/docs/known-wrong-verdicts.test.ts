import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const TEXT = readFileSync(join(ROOT, 'docs/gates.md'), 'utf8');

interface Row {
  readonly number: number;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

/** The numbered rows of one section. */
function rowsOf(section: string): readonly Row[] {
  const [, after = ''] = TEXT.split(`### ${section}\n`);
  return [...after.split('\n### ')[0]!.matchAll(/^\|\s*(\d+)\s*\|.*\|([^|]*)\|$/gm)].map(([, number, tests = '']) => ({
    number: Number(number),
    tests: [...tests.matchAll(/\]\(\.\.\/([^)]+)\): ([^|]*?)(?=; \[|\s*$)/g)].map(([, file = '', title = '']) => ({
      file,
      title: title.trim(),
    })),
  }));
}

describe.each([
  ['Ways that other tools were wrong', 26],
  ['Classes found in Belay', 66],
])('%s', (section, count) => {
  const rows = rowsOf(section);

  it('are numbered without a gap', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  });

  it.each(rows)('$number has tests that exist', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const { file, title } of tests) {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
      const text = readFileSync(join(ROOT, file), 'utf8');
      // A title in quotes, or the key of a table of cases.
      const isThere = [`'${title}'`, `"${title}"`, `\n  ${title}: {`].some((written) => text.includes(written));
      expect(isThere, `${file}: ${title}`).toBe(true);
    }
  });
});
