import { expect, test } from 'vitest';
import { limitedLeftovers, limitedParts } from '../../../src/core/campaign/limited-parts.ts';
import { bytesOf } from '../../../src/core/text/markdown.ts';

const parts = (count: number, ok: boolean) =>
  Array.from({ length: count }, (_, index) => ({
    what: `log of c${index}`,
    ok,
    ...(ok ? {} : { error: 'long '.repeat(500) }),
  }));

test('a few parts and leftovers are named as they are', () => {
  const few = [...parts(3, true), { what: 'curves of the gates', ok: false, error: 'no answer' }];
  expect(limitedParts(few)).toEqual(few);
  expect(limitedLeftovers(['c0: refused'])).toEqual(['c0: refused']);
});

test.for([
  [5_000, 0],
  [0, 5_000],
  [5_000, 5_000],
] as const)(
  '%i parts that are kept and %i that are missing are counted beyond some, and stay kept and missing',
  ([kept, missing]) => {
    const limited = limitedParts([...parts(kept, true), ...parts(missing, false)]);
    expect(limited.some(({ ok }) => ok)).toBe(kept > 0);
    expect(limited.some(({ ok }) => !ok)).toBe(missing > 0);
    const others = limited.filter(({ what }) => what === '4980 other parts');
    expect(others).toHaveLength((kept > 0 ? 1 : 0) + (missing > 0 ? 1 : 0));
    expect(bytesOf(JSON.stringify(limited))).toBeLessThan(10_000);
  },
);

test('thousands of leftovers are counted beyond some', () => {
  const limited = limitedLeftovers(Array.from({ length: 5_000 }, (_, index) => `c${index}: ${'x'.repeat(1_000)}`));
  expect(limited.at(-1)).toBe('and 4980 more, see timeline.jsonl');
  expect(bytesOf(JSON.stringify(limited))).toBeLessThan(10_000);
});
