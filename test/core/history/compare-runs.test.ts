import { describe, expect, test } from 'vitest';
import type { ComparedMetric } from '../../../src/core/history/compare-metric.ts';
import { compareRuns } from '../../../src/core/history/compare-runs.ts';
import type { StoredMetric } from '../../../src/core/history/stored-metric.ts';
import { aMetric, simulatedRuns } from './simulated-runs.ts';

const levels = { alpha: 0.05, sameWithin: undefined };

/** One metric `x` of two sides. */
function compared(
  baseline: readonly (number | undefined)[],
  branch: readonly (number | undefined)[],
  more: Partial<StoredMetric> & { readonly sameWithin?: number } = {},
): ComparedMetric {
  const { sameWithin, ...metric } = more;
  const side = (values: readonly (number | undefined)[]): readonly { readonly metrics: readonly StoredMetric[] }[] =>
    values.map((value) => ({ metrics: [aMetric('x', value, metric)] }));
  const [only] = compareRuns(side(baseline), side(branch), { alpha: 0.05, sameWithin });
  if (only === undefined) throw new Error('no metric');
  return only;
}

/** Grove's ScaleTest_1000, `pods-created` in seconds, five runs before and after its step of July 2026 (peers.md). */
const BEFORE = [21.2, 20.1, 22.9, 19.8, 21.5];
const AFTER = [32.6, 35.1, 34.2, 36.9, 33.8];

describe('a metric', () => {
  test('that takes longer in every run is worse, by how much and within which bounds', () => {
    const { result, change, baseline, branch, p, runsNeeded } = compared(BEFORE, AFTER);
    expect(result).toBe('worse');
    expect(change).toMatchObject({ scale: 'share' });
    expect(change?.estimate).toBeCloseTo(0.62, 1);
    expect(change?.interval?.low).toBeGreaterThan(0.4);
    expect(change?.interval?.high).toBeLessThan(0.9);
    expect([baseline.n, baseline.median, branch.median]).toEqual([5, 21.2, 34.2]);
    expect(baseline.spread).toBeCloseTo(0.0585, 3);
    expect(p).toBeCloseTo(2 / 252, 12);
    expect(runsNeeded).toBeGreaterThanOrEqual(4);
    expect(compared(AFTER, BEFORE).result).toBe('better');
    expect(compared(BEFORE, AFTER, { better: 'higher', unit: '1/s' }).result).toBe('better');
    expect(compared(BEFORE, AFTER, { better: 'unknown' }).result).toBe('changed');
  });

  test.each([
    ['one run on a side', [21], [35, 36, 34], /one run does not show how much runs differ/],
    ['three runs on each side', [21, 22, 23], [35, 36, 34], /3 and 3 runs cannot show anything; 4 and 4 can/],
    ['no value in the branch', [21, 22], [undefined, undefined], /not measured in the branch/],
    ['no value at all', [undefined], [undefined], /not measured in any run/],
    ['no difference', [21, 22, 23, 24], [21.5, 22.5, 23.5, 22], /without --same-within nothing counts as the same/],
  ])('of %s cannot be decided, and says why', (_, baseline, branch, why) => {
    const { result, why: said } = compared(baseline, branch);
    expect(result).toBe('cannot tell');
    expect(said).toMatch(why);
  });

  test('is the same only when its interval is within the bound', () => {
    const near = [10, 10.1, 9.9, 10.05, 9.95];
    expect(compared(near, near.toReversed(), { sameWithin: 0.05 }).result).toBe('same');
    expect(compared(near, near.toReversed(), { sameWithin: 0.001 })).toMatchObject({
      result: 'cannot tell',
      why: expect.stringMatching(/wider than what counts as the same/) as string,
    });
    // Shown, and too small to matter.
    expect(
      compared(
        near,
        near.map((value) => value * 1.03),
        { sameWithin: 0.1 },
      ).result,
    ).toBe('same');
    expect(compared([0, 0, 0, 0], [0, 0, 0, 0], { sameWithin: 0.05 }).result).toBe('same');
    expect(compared([0, 0, 0, 0], [0, 0, 0, 0]).result).toBe('cannot tell');
  });

  test('with zeros, or of shares, is compared by differences', () => {
    const counts = compared([0, 0, 1, 0, 0], [7, 9, 8, 7, 12], { unit: '' });
    expect(counts).toMatchObject({ result: 'worse', change: { scale: 'difference', estimate: 8 } });
    const shares = compared([1, 1, 0.999, 1, 1], [0.91, 0.93, 0.9, 0.94, 0.92], { unit: 'ratio', better: 'higher' });
    expect(shares).toMatchObject({ result: 'worse', change: { scale: 'difference' } });
    expect(shares.change?.interval?.high).toBeLessThan(-0.05);
  });

  test('that some runs did not measure is compared by the others', () => {
    const { result, baseline } = compared([...BEFORE, undefined], AFTER);
    expect(baseline).toMatchObject({ n: 5, unmeasured: 1 });
    expect(result).toBe('worse');
  });
});

describe('many metrics', () => {
  const count = 5;

  /** In how many comparisons a metric was found, and in how many any other. */
  function found(
    factor: number,
    { spread = 0.05, outliers = 0, metrics = 10, runs = count, rounds = 300 } = {},
  ): {
    readonly first: number;
    readonly others: number;
  } {
    let first = 0;
    let others = 0;
    for (let seed = 0; seed < rounds; seed++) {
      const sides = { seed, count: runs, metrics, spread, outliers };
      const results = compareRuns(
        simulatedRuns('baseline', sides),
        simulatedRuns('branch', { ...sides, factors: { 0: factor } }),
        levels,
      );
      const decided = results.filter(({ result }) => result !== 'cannot tell').map(({ name }) => name);
      if (decided.includes('m0')) first += 1;
      if (decided.some((name) => name !== 'm0')) others += 1;
    }
    return { first: first / rounds, others: others / rounds };
  }

  test('of equal sides give a false alarm in at most 5 % of tables', () => {
    // 300 tables: twice the standard error is 2.5 points.
    for (const setting of [{}, { spread: 0.15, outliers: 0.1 }, { runs: 4, metrics: 3 }]) {
      const { first, others } = found(1, setting);
      expect(Math.max(first, others)).toBeLessThanOrEqual(0.075);
    }
  });

  test('a difference of one of them is found with the power that docs/compare.md states, and is not given to others', () => {
    const large = found(1.25);
    expect(large.first).toBeGreaterThan(0.9);
    expect(large.others).toBeLessThanOrEqual(0.075);
    // What 5 runs cannot find, more can.
    expect(found(1.1).first).toBeLessThan(0.6);
    expect(found(1.1, { runs: 7, rounds: 60 }).first).toBeGreaterThan(0.45);
  });

  test('the stated number of runs finds 10 % in four of five comparisons', () => {
    const sides = { seed: 1, count: 60, metrics: 1, spread: 0.05 };
    const [metric] = compareRuns(simulatedRuns('baseline', sides), simulatedRuns('branch', sides), levels);
    const runs = metric?.runsNeeded ?? 0;
    expect(runs).toBeGreaterThanOrEqual(5);
    expect(runs).toBeLessThanOrEqual(8);
    expect(found(1.1, { metrics: 1, runs }).first).toBeGreaterThan(0.75);
  });
});
