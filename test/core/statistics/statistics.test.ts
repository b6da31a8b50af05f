import { expect, test } from 'vitest';
import { bootstrapDifference } from '../../../src/core/statistics/bootstrap.ts';
import { combinations } from '../../../src/core/statistics/combinations.ts';
import { shiftBetween } from '../../../src/core/statistics/hodges-lehmann.ts';
import { orderCounts, pairsLeftOut } from '../../../src/core/statistics/mann-whitney.ts';
import { maxTPermutation, smallestP } from '../../../src/core/statistics/max-t.ts';
import { runsNeeded } from '../../../src/core/statistics/runs-needed.ts';
import { randomStream } from '../../../src/core/plan/random.ts';

const random = randomStream(1, 'statistics');
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
const sample = (mean: number): readonly number[] => Array.from({ length: 6 }, () => mean + normal());

test('the orders of two small samples are counted as Mann and Whitney did', () => {
  expect(orderCounts(2, 2)).toEqual([1, 1, 2, 1, 1]);
  expect(orderCounts(3, 3)).toEqual([1, 1, 2, 3, 3, 3, 3, 2, 1, 1]);
  const [least] = orderCounts(10, 10);
  expect(least).toBe(1);
  expect(orderCounts(10, 10).reduce((sum, count) => sum + count)).toBe(184_756);
});

test('the critical values of U are those of the published table, two-sided at 5 %', () => {
  const table = [
    [4, 4, 0],
    [5, 5, 2],
    [5, 6, 3],
    [6, 6, 5],
    [7, 7, 8],
    [8, 8, 13],
    [5, 10, 8],
    [10, 10, 23],
    [15, 15, 64],
    [20, 20, 127],
  ] as const;
  for (const [m, n, u] of table) expect([m, n, pairsLeftOut(m, n, 0.05)]).toEqual([m, n, u]);
  expect(pairsLeftOut(3, 3, 0.05)).toBeUndefined();
  expect(pairsLeftOut(1, 30, 0.05)).toBeUndefined();
});

test('the normal approximation joins the exact numbers', () => {
  const exact = pairsLeftOut(38, 38, 0.05) ?? NaN;
  const approximate = pairsLeftOut(39, 39, 0.05) ?? NaN;
  expect(Math.abs(approximate / 39 ** 2 - exact / 38 ** 2)).toBeLessThan(0.003);
});

test('the shift is the median of all differences, its interval the differences that the rank test keeps', () => {
  // 25 differences; at 5 and 5 values three are left out on each side.
  const first = [1.1, 2.3, 3.2, 4.7, 5.9];
  const { estimate, interval } = shiftBetween(
    first,
    first.map((value) => value + 10),
    0.05,
  );
  expect(estimate).toBeCloseTo(10, 12);
  const differences = first.flatMap((y) => first.map((x) => y - x + 10)).sort((a, b) => a - b);
  expect(interval).toEqual({ low: differences[2], high: differences[22] });
  expect(shiftBetween([1, 2, 3], [4, 5, 6], 0.05)).toEqual({ estimate: 3 });
});

test('the interval covers the true shift as often as it says', () => {
  let covered = 0;
  for (let round = 0; round < 2_000; round++) {
    const { interval } = shiftBetween(sample(0), sample(1), 0.05);
    if (interval !== undefined && interval.low <= 1 && interval.high >= 1) covered += 1;
  }
  // U is 5 or less in 19 of 924 orders: the interval covers 95.9 %.
  expect(covered / 2_000).toBeGreaterThan(0.945);
  expect(covered / 2_000).toBeLessThan(0.975);
});

test('all ways to choose are listed once', () => {
  const all = [...combinations(5, 2)].map((chosen) => chosen.join(''));
  expect(all).toEqual(['01', '02', '03', '04', '12', '13', '14', '23', '24', '34']);
});

test('one metric by itself has the chance of its permutations', () => {
  // Complete separation of 4 and 4: 2 of 70 ways.
  const [separate] = maxTPermutation([[1, 2, 3, 4, 11, 12, 13, 14]], 4, random);
  expect(separate?.p).toBeCloseTo(2 / 70, 12);
  expect(separate?.adjusted).toBeCloseTo(2 / 70, 12);
  expect(smallestP(4, 4)).toBeCloseTo(2 / 70, 12);
  expect(smallestP(1, 1)).toBe(1);
  expect(smallestP(3, 4)).toBeCloseTo(1 / 35, 12);
  const [alike] = maxTPermutation([[1, 2, 3, 4, 1, 2, 3, 4]], 4, random);
  expect(alike?.p).toBe(1);
  const [constant] = maxTPermutation([[5, 5, 5, 5, 5, 5, 5, 5]], 4, random);
  expect(constant?.p).toBe(1);
  // No spread at all within the groups.
  const [stepped] = maxTPermutation([[0, 0, 0, 0, 7, 7, 7, 7]], 4, random);
  expect(stepped?.p).toBeCloseTo(2 / 70, 12);
  const [missing] = maxTPermutation([[1, undefined, 3, 4, undefined, 12, 13, 14]], 4, random);
  expect(missing?.p).toBeGreaterThan(2 / 70);
});

test('a large difference in one of many metrics keeps nearly its own chance', () => {
  const noise = (): readonly number[] => Array.from({ length: 10 }, () => random());
  const large = noise().map((value, run) => (run < 5 ? value : value + 30));
  const results = maxTPermutation([...Array.from({ length: 11 }, noise), large], 5, random);
  expect(results.at(-1)?.adjusted).toBeCloseTo(2 / 252, 12);
  for (const { p, adjusted } of results) expect(adjusted).toBeGreaterThanOrEqual(p);
});

test('of too many ways a sample is looked at, and the same seed gives the same answer', () => {
  const values = Array.from({ length: 24 }, (_, run) => (run < 12 ? run : run + 1.5));
  const answer = (): unknown => maxTPermutation([values], 12, randomStream(3, 'sample'));
  expect(answer()).toEqual(answer());
  const [found] = maxTPermutation([values.map((value, run) => (run < 12 ? value : value + 100))], 12, random);
  expect(found?.p).toBeLessThanOrEqual(3 / 10_000);
});

test('the bootstrap of equal values has no width, and its interval is around the difference', () => {
  expect(bootstrapDifference([1, 1, 1, 1], [1, 1, 1, 1], 0.05, random)).toEqual({ low: 0, high: 0 });
  const { low, high } = bootstrapDifference([0.99, 1, 1, 1, 0.98], [0.9, 0.95, 0.91, 0.93, 0.94], 0.05, random);
  expect(low).toBeGreaterThan(-0.1);
  expect(high).toBeLessThan(-0.03);
});

test('the runs needed are those of the formula, and at least what the test needs', () => {
  // Two normal samples, a difference of one standard deviation, 5 % and 80 %: 17 on each side.
  expect(runsNeeded(1, 1, { alpha: 0.05, power: 0.8 }, 4)).toBe(17);
  expect(runsNeeded(1, 0.01, { alpha: 0.05, power: 0.8 }, 4)).toBe(4);
});
