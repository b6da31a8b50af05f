import { array, assert, nat, property } from 'fast-check';
import { expect, test } from 'vitest';
import { distributionOf } from '../../../src/core/gates/distribution.ts';

const buckets = (counts: Readonly<Record<string, number>>): Parameters<typeof distributionOf>[0] =>
  Object.entries(counts).map(([le, value]) => ({ labels: { le }, points: [[0, value]] }));

test('the buckets of a histogram have their own counts, and what is beyond the last bound is named', () => {
  expect(distributionOf(buckets({ '+Inf': 12, '0.5': 4.02, '0.1': 0, '1': 9.98, '2': 9.97 }))).toEqual({
    rows: [
      { above: 0.1, upTo: 0.5, count: 4 },
      { above: 0.5, upTo: 1, count: 6 },
      { above: 1, upTo: 2, count: 0 },
      { above: 2, upTo: null, count: 2 },
    ],
    count: 12,
    beyond: 2,
    lastBound: 2,
  });
});

test('a histogram that counted nothing, or whose labels are no bounds, has no distribution', () => {
  expect(distributionOf(buckets({ '0.5': 0, '+Inf': 0 }))).toBeUndefined();
  expect(distributionOf(buckets({ nonsense: 3 }))).toBeUndefined();
  expect(distributionOf([{ labels: {}, points: [[0, 3]] }])).toBeUndefined();
});

test('no value is lost or counted twice', () => {
  assert(
    property(array(nat(50), { minLength: 1, maxLength: 12 }), (counts) => {
      let sum = 0;
      const cumulative = counts.map(
        (count, index) => [index === counts.length - 1 ? '+Inf' : `${index + 1}`, (sum += count)] as const,
      );
      const found = distributionOf(buckets(Object.fromEntries(cumulative)));
      expect(found?.count ?? 0).toBe(sum);
      expect((found?.rows ?? []).reduce((all, { count }) => all + count, 0)).toBe(sum);
      expect(found?.beyond ?? 0).toBe(sum === 0 ? 0 : counts.at(-1));
    }),
  );
});
