import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrivalTimes } from '../../../src/core/plan/arrivals.ts';
import type { Arrival } from '../../../src/core/model/profile.ts';

const SHAPES: readonly Arrival[] = ['constant', 'poisson', 'steps', 'spread'];

describe.each(SHAPES)('%s arrivals', (shape) => {
  test('are exactly as many as asked, ascending, whole, within the ramp, and the same again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 500 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer(),
        (count, rampMs, seed) => {
          const times = arrivalTimes({ shape, count, rampMs, seed });
          expect(times).toHaveLength(count);
          expect(times.every((at, index) => Number.isInteger(at) && at >= (times[index - 1] ?? 0))).toBe(true);
          expect(times.every((at) => at >= 0 && at <= rampMs)).toBe(true);
          expect(arrivalTimes({ shape, count, rampMs, seed })).toEqual(times);
        },
      ),
    );
  });

  test('have half of their Pods by half of the ramp', () => {
    const times = arrivalTimes({ shape, count: 10_000, rampMs: 60_000, seed: 4 });
    const firstHalf = times.filter((at) => at < 30_000).length;
    expect(firstHalf).toBeGreaterThan(4_800);
    expect(firstHalf).toBeLessThan(5_200);
  });
});

test('constant keeps its beat', () => {
  expect(arrivalTimes({ shape: 'constant', count: 4, rampMs: 1_000, seed: 0 })).toEqual([0, 250, 500, 750]);
});

test('steps come at ten moments, ten equal batches', () => {
  const times = arrivalTimes({ shape: 'steps', count: 100, rampMs: 1_000, seed: 0 });
  expect([...new Set(times)]).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  expect(times.filter((at) => at === 300)).toHaveLength(10);
});

const variation = (shape: Arrival): number => {
  const times = arrivalTimes({ shape, count: 20_000, rampMs: 20_000_000, seed: 8 });
  const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  return Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length) / mean;
};

test('poisson gaps vary as exponential ones do, spread gaps far less', () => {
  expect(variation('poisson')).toBeGreaterThan(0.95);
  expect(variation('poisson')).toBeLessThan(1.05);
  expect(variation('spread')).toBeLessThan(0.5);
  expect(variation('constant')).toBe(0);
});

const at = (seed: number, clusterIndex: number): readonly number[] =>
  arrivalTimes({ shape: 'poisson', count: 50, rampMs: 60_000, seed, clusterIndex });

test('another seed or cluster arrives at other times', () => {
  expect(at(1, 0)).not.toEqual(at(2, 0));
  expect(at(1, 0)).not.toEqual(at(1, 1));
});
