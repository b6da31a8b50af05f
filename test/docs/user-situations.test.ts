import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const [, SECTION = ''] = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8').split('## Situations of real users\n');
const ROWS = [...(SECTION.split('\n## ')[0] ?? '').matchAll(/^\|\s*(\d+)\s*\|[^|]*\|([^|]*)\|([^|]*)\|$/gm)].map(
  ([, number, examples = '', tests = '']) => ({
    number: Number(number),
    examples: examples.split(';'),
    tests: [...tests.matchAll(/\]\(\.\.\/([^)]+)\): ([^|]*?)(?=; \[|\s*$)/g)].map(([, file = '', title = '']) => ({
      file,
      title: title.trim(),
    })),
  }),
);

it('are numbered without a gap', () => {
  expect(ROWS.map(({ number }) => number)).toEqual(Array.from({ length: 25 }, (_, index) => index + 1));
});

it.each(ROWS)('$number has two further examples at least, and tests that exist', ({ examples, tests }) => {
  expect(examples.length).toBeGreaterThanOrEqual(2);
  expect(tests.length).toBeGreaterThanOrEqual(2);
  for (const { file, title } of tests) {
    expect(existsSync(join(ROOT, file)), file).toBe(true);
    const text = readFileSync(join(ROOT, file), 'utf8');
    // A title in quotes, or the key of a table of cases.
    const isThere = [`'${title}'`, `"${title}"`, `\n  ${title}: {`].some((written) => text.includes(written));
    expect(isThere, `${file}: ${title}`).toBe(true);
  }
});
