import { expect, test } from 'vitest';
import { compareRuns } from '../../../src/core/history/compare-runs.ts';
import { comparisonMarkdown } from '../../../src/core/history/comparison-text.ts';
import { metricTrends, type HistoryRun } from '../../../src/core/history/metric-trends.ts';
import { changeText, latestText, sizeText } from '../../../src/core/history/trend-words.ts';
import { randomStream, type Random } from '../../../src/core/plan/random.ts';
import { aMetric } from './simulated-runs.ts';

/** Zeros of both signs, subnormals, values whose squares, quotients and sums are no numbers, and usual ones. */
const SIZES = [
  5e-324, 1e-310, 1e-200, 1e-60, 1e-49, 1e-17, 0.1, 1, 1.000_000_1, 7, 1e9, 1e17, 1e49, 1e60, 1e200, 1e308,
];
const VALUES = [0, -0, Number.MAX_VALUE, ...SIZES.flatMap((size) => [size, -size])];

/** A few of the values, each of which comes several times, some of them nearly. */
function drawn(random: Random, count: number): readonly number[] {
  const few = Array.from({ length: 1 + Math.floor(random() * 3) }, () => oneOf(random, VALUES));
  return Array.from({ length: count }, () => {
    const value = oneOf(random, few);
    return random() < 0.7 || Math.abs(value) > 1e307 ? value : value * (1 + random() / 10);
  });
}

function oneOf(random: Random, values: readonly number[]): number {
  return values[Math.floor(random() * values.length)] ?? 0;
}

/** Every number in a value that is not finite, with its path. */
function notFinite(value: unknown, path = ''): readonly string[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${path} = ${value}`];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => notFinite(part, `${path}.${key}`));
}

const NO_NUMBER = /NaN|Infinity|∞/;

test('a comparison of any values has finite numbers only', () => {
  for (let seed = 0; seed < 400; seed++) {
    const random = randomStream(seed, 'compared');
    const unit = random() < 0.5 ? 's' : 'ratio';
    const [baseline, branch] = [1, 2].map(() =>
      drawn(random, 1 + Math.floor(random() * 6)).map((value) => ({ metrics: [aMetric('x', value, { unit })] })),
    );
    const compared = compareRuns(baseline ?? [], branch ?? [], { alpha: 0.05, sameWithin: 0.05 });
    expect([seed, notFinite(compared)]).toEqual([seed, []]);
    expect(`${seed}: ${comparisonMarkdown(compared, 0.95)}`).not.toMatch(NO_NUMBER);
  }
});

function side(...values: readonly (number | undefined)[]): Parameters<typeof compareRuns>[0] {
  return values.map((value) => ({ metrics: [aMetric('x', value)] }));
}

test('a value that is too large to be compared is left out, and named where none is left', () => {
  const levels = { alpha: 0.05, sameWithin: undefined };
  const [none] = compareRuns(side(1e308, -1e308), side(1e308, 1e308), levels);
  expect(none).toMatchObject({
    result: 'cannot tell',
    why: 'the values are larger than what is compared, 1.00e+50',
    baseline: { n: 0, unmeasured: 2, tooLarge: 2 },
  });
  const [some] = compareRuns(side(1, 2, 3, 4, 1e308), side(11, 12, 13, 14), levels);
  expect(some).toMatchObject({
    result: 'worse',
    baseline: { n: 4, unmeasured: 1, tooLarge: 1, median: 2.5 },
    branch: { n: 4, unmeasured: 0, tooLarge: 0 },
  });
  // The side that has no value says why.
  const [unmeasured] = compareRuns(side(undefined), side(1e60, 1, 2), levels);
  expect(unmeasured).toMatchObject({ why: 'not measured in the baseline', branch: { n: 2, tooLarge: 1 } });
});

test('a mean that is rounding gives no spread', () => {
  const runs = side(0.1, 0.2, -0.3);
  const [metric] = compareRuns(runs, runs, { alpha: 0.05, sameWithin: undefined });
  expect(metric?.baseline.spread).toBeUndefined();
  expect(metric?.runsNeeded).toBeUndefined();
});

test('a trend of any values has finite numbers only', () => {
  for (let seed = 0; seed < 400; seed++) {
    const random = randomStream(seed, 'followed');
    const values = drawn(random, 3 + Math.floor(random() * 20));
    const trends = metricTrends(
      values.map((value, index): HistoryRun => {
        const cycles = random() < 0.3 ? { cycles: drawn(random, 5) } : {};
        const metric = { name: 'x', value, unit: 's', better: 'lower', ...cycles } as const;
        return { id: `run-${index}`, atMs: index, version: '1', metrics: [metric] };
      }),
    );
    expect([seed, notFinite(trends.map(({ trend }) => trend))]).toEqual([seed, []]);
    for (const of of trends) {
      const texts = of.trend.changes.flatMap((change) => [changeText(of, change), sizeText(of, change)]);
      for (const text of [latestText(of, 5), ...texts]) expect(`${seed}: ${text}`).not.toMatch(NO_NUMBER);
    }
  }
});

test('a change across zero has no factor', () => {
  const values = [-1, -1.01, -1, -0.99, -1, -1.01, 300, 301];
  const [of] = metricTrends(
    values.map((value, index) => ({
      id: `run-${index}`,
      atMs: index,
      version: '1',
      metrics: [{ name: 'x', value, unit: 's', better: 'lower' }],
    })),
  );
  const [change] = of?.trend.changes ?? [];
  if (of === undefined || change === undefined) throw new Error('no change');
  expect(sizeText(of, change)).toBe('worse from -1.002 s to 300.5 s');
});
