import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pagePath, referencePages } from '../../docs/make-reference.ts';

const pages = await referencePages();

describe('the reference', () => {
  it.each([...pages])('%s is current; `node docs/make-reference.ts` writes it', (file, text) => {
    expect(readFileSync(pagePath(file), 'utf8')).toBe(text);
  });

  it('has no page that nothing generates', () => {
    expect(readdirSync(dirname(pagePath('x'))).sort()).toEqual([...pages.keys()].sort());
  });

  it('describes every field, option and gate', () => {
    const lacking = [...pages].flatMap(([file, text]) =>
      text
        .split('\n')
        .filter((line) => /^\|.*\|\s*\|$/.test(line))
        .map((line) => `${file}: ${line}`),
    );
    expect(lacking).toEqual([]);
  });
});
