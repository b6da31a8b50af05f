import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bucket } from '../../../src/core/gates/quantile.ts';
import { bucketQuantile, groupBuckets } from '../../../src/core/gates/quantile.ts';

/** Buckets from counts per bucket (not cumulative). */
function histogram(bounds: readonly number[], counts: readonly number[]): readonly Bucket[] {
  let sum = 0;
  return [...bounds, Infinity].map((upperBound, index) => {
    sum += counts[index] ?? 0;
    return { upperBound, count: sum };
  });
}

describe('bucketQuantile', () => {
  it.each([
    { phi: 0.5, bounds: [1, 2, 4, 8], counts: [0, 10, 0, 0, 0], value: 1.5 },
    { phi: 0.99, bounds: [1, 2, 4, 8], counts: [100, 0, 0, 0, 0], value: 0.99 },
    { phi: 0.9, bounds: [1, 2, 4, 8], counts: [50, 40, 10, 0, 0], value: 2 },
    { phi: 0.95, bounds: [1, 2, 4, 8], counts: [50, 40, 10, 0, 0], value: 3 },
    { phi: 0.5, bounds: [-2, -1, 4, 8], counts: [10, 0, 0, 0, 0], value: -2 },
  ])('p$phi of $counts is $value, as Prometheus has it', ({ phi, bounds, counts, value }) => {
    expect(bucketQuantile(phi, histogram(bounds, counts))).toMatchObject({ kind: 'value', value });
  });

  it.each([
    {
      name: 'in the last finite bucket',
      phi: 0.99,
      counts: [900, 0, 0, 100, 0],
      word: 'in the last finite bucket (le=8)',
    },
    { name: 'in +Inf', phi: 0.99, counts: [900, 0, 0, 0, 100], word: '10 % of the events are beyond it' },
    { name: 'with everything in +Inf', phi: 0.5, counts: [0, 0, 0, 0, 7], word: '100 % of the events' },
  ])('is saturated $name', ({ phi, counts, word }) => {
    const result = bucketQuantile(phi, histogram([1, 2, 4, 8], counts));
    expect(result).toMatchObject({ kind: 'saturated', detail: expect.stringContaining(word) });
  });

  it('is saturated where a high quantile is below the mean: stalls that the buckets cannot place', () => {
    const stalls = histogram([1, 2, 4, 8], [9_950, 0, 0, 0, 50]);
    expect(bucketQuantile(0.99, stalls, 36)).toMatchObject({ kind: 'saturated' });
    expect(bucketQuantile(0.99, stalls, 0.5)).toMatchObject({ kind: 'value' });
  });

  it('is saturated where the mean lies above the quantile within one bucket: stalls under its rank', () => {
    const bimodal = histogram([1, 2, 4, 8, 16, 32, 64, 128, 256, 512], [0, 0, 9_898, 52, 0, 0, 0, 0, 0, 50]);
    expect(bucketQuantile(0.99, bimodal, 6)).toMatchObject({
      kind: 'saturated',
      detail: expect.stringContaining('below the mean of the same events, 6'),
    });
  });

  it('never refuses for its mean a histogram of which no event lies beyond the bucket of the quantile', () => {
    const below = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 3, maxLength: 3 });
    const inBucket = fc.integer({ min: 1, max: 1_000 });
    fc.assert(
      fc.property(below, inBucket, fc.double({ min: 0.9, max: 1, noNaN: true }), (counts, inside, phi) => {
        const bounds = [1, 2, 4, 8, 16];
        const buckets = histogram(bounds, [...counts, inside, 0, 0]);
        const total = buckets.at(-1)?.count ?? 0;
        // All events at the top of their buckets: the highest mean that the counts allow.
        const sum = [...counts, inside].reduce((whole, count, index) => whole + count * (bounds[index] ?? 0), 0);
        fc.pre(phi * total > total - inside);
        return bucketQuantile(phi, buckets, sum / total).kind === 'value';
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not take interpolation for saturation: events near the top of their bucket', () => {
    const nearTop = histogram([5, 10, 20, 40], [0, 100, 0, 0, 0]);
    expect(bucketQuantile(0.99, nearTop, 9.99)).toMatchObject({ kind: 'value', value: 9.95 });
    expect(bucketQuantile(0.99, nearTop, 10.01)).toMatchObject({ kind: 'saturated' });
  });

  it('leaves a median below its mean alone: that is ordinary skew', () => {
    expect(bucketQuantile(0.5, histogram([1, 2, 4, 8], [90, 5, 5, 0, 0]), 1.4)).toMatchObject({ kind: 'value' });
  });

  it('tells no events from a number', () => {
    expect(bucketQuantile(0.99, histogram([1, 2], [0, 0, 0]))).toMatchObject({ kind: 'no-events' });
  });

  it.each([
    [
      'no +Inf bucket',
      0.5,
      [
        { upperBound: 1, count: 3 },
        { upperBound: 2, count: 4 },
      ],
    ],
    ['only +Inf', 0.5, [{ upperBound: Infinity, count: 3 }]],
    ['no bucket', 0.5, []],
    [
      'a NaN count',
      0.5,
      [
        { upperBound: 1, count: 1 },
        { upperBound: Infinity, count: Number.NaN },
      ],
    ],
    ['a quantile over 1', 99, histogram([1, 2, 3], [1, 1, 1, 1])],
  ] as const)('refuses %s', (_, phi, buckets) => {
    expect(bucketQuantile(phi, buckets)).toMatchObject({ kind: 'malformed' });
  });

  const counts = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 6, maxLength: 6 });
  const bounds = [0.1, 0.5, 1, 5, 10];

  it('never gives a number from the last finite bucket on, and always one from a bucket below it', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.01, max: 1, noNaN: true }), (perBucket, phi) => {
        const buckets = histogram(bounds, perBucket);
        const total = buckets.at(-1)?.count ?? 0;
        const below = buckets[3]?.count ?? 0;
        const result = bucketQuantile(phi, buckets);
        if (total === 0) return result.kind === 'no-events';
        if (phi * total > below) return result.kind === 'saturated';
        return result.kind === 'value' && result.value <= 5;
      }),
      { numRuns: 2_000 },
    );
  });

  it('is monotone in the quantile', () => {
    const share = fc.double({ min: 0.01, max: 1, noNaN: true });
    fc.assert(
      fc.property(counts, share, share, (perBucket, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        const a = bucketQuantile(low, histogram(bounds, perBucket));
        const b = bucketQuantile(high, histogram(bounds, perBucket));
        if (b.kind === 'value') return a.kind === 'value' && a.value <= b.value + 1e-9;
        return true;
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not depend on the order of the buckets, nor on small dips between them', () => {
    const shuffled = [...histogram([1, 2, 4, 8], [50, 40, 10, 0, 0])].reverse();
    expect(bucketQuantile(0.95, shuffled)).toMatchObject({ kind: 'value', value: 3, high: 4 });
    const dipped = [
      { upperBound: 1, count: 100 },
      { upperBound: 2, count: 99.999 },
      { upperBound: 4, count: 100 },
      { upperBound: Infinity, count: 100 },
    ];
    expect(bucketQuantile(0.5, dipped)).toMatchObject({ kind: 'value', value: 0.5 });
  });
});

describe('groupBuckets', () => {
  it('groups by every label but le, and leaves series without le out', () => {
    const groups = groupBuckets([
      { labels: { pod: 'a', le: '+Inf' }, value: 3 },
      { labels: { le: '0.5', pod: 'a' }, value: 1 },
      { labels: { pod: 'b', le: '1' }, value: 2 },
      { labels: { pod: 'c' }, value: 9 },
    ]);
    expect(groups).toEqual([
      {
        labels: { pod: 'a' },
        buckets: [
          { upperBound: 0.5, count: 1 },
          { upperBound: Infinity, count: 3 },
        ],
      },
      { labels: { pod: 'b' }, buckets: [{ upperBound: 1, count: 2 }] },
    ]);
  });
});
