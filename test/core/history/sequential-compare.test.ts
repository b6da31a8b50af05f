import { expect, test } from 'vitest';
import { compareInTurn, plannedLooks } from '../../../src/core/history/sequential-compare.ts';
import { aMetric, simulatedRuns } from './simulated-runs.ts';

const options = { alpha: 0.05, sameWithin: undefined };

test('the levels of all looks add up to 5 % at most, and each can be reached', () => {
  expect(plannedLooks(3, 0.05)).toEqual([]);
  expect(plannedLooks(5, 0.05).map(({ pairs, level }) => [pairs, Number(level.toFixed(4))])).toEqual([
    [4, 0.0286],
    [5, 0.0159],
  ]);
  for (const pairs of [4, 5, 6, 8, 10, 20]) {
    const looks = plannedLooks(pairs, 0.05);
    expect(looks.at(-1)?.pairs).toBe(pairs);
    expect(looks.reduce((sum, { level }) => sum + level, 0)).toBeLessThanOrEqual(0.05 + 1e-9);
    expect(looks.every(({ level }) => level > 0)).toBe(true);
  }
});

/** A comparison that is looked at after each pair, until it stops. */
function follow(
  seed: number,
  pairs: number,
  factor: number,
): { readonly pairs: number; readonly decided: readonly string[] } {
  const sides = { seed, count: pairs, metrics: 5, spread: 0.05 };
  const baseline = simulatedRuns('baseline', sides);
  const branch = simulatedRuns('branch', { ...sides, factors: { 0: factor } });
  for (let run = 4; ; run++) {
    const { stop, metrics } = compareInTurn(baseline.slice(0, run), branch.slice(0, run), pairs, options);
    if (stop === '' && run < pairs) continue;
    return { pairs: run, decided: metrics.filter(({ result }) => result !== 'cannot tell').map(({ name }) => name) };
  }
}

test('looking after each pair does not raise the chance of a false alarm above 5 %', () => {
  const rounds = 300;
  let alarms = 0;
  for (let seed = 0; seed < rounds; seed++) if (follow(seed, 6, 1).decided.length > 0) alarms += 1;
  // Twice the standard error is 2.5 points.
  expect(alarms / rounds).toBeLessThanOrEqual(0.075);
});

test('a clear answer stops it before all pairs have run', () => {
  const ended = Array.from({ length: 40 }, (_, seed) => follow(seed, 6, 1.5));
  expect(ended.every(({ decided }) => decided.includes('m0'))).toBe(true);
  expect(ended.filter(({ pairs }) => pairs < 6).length).toBeGreaterThan(35);
});

/** Runs with the metrics `quick` and `other`. */
function side(values: readonly number[], other: readonly number[]): Parameters<typeof compareInTurn>[0] {
  return values.map((value, index) => ({ metrics: [aMetric('quick', value), aMetric('other', other[index])] }));
}

test('it goes on after a metric that is better, keeps it, and stops when every metric is decided', () => {
  const noise = [1, 2, 3, 1.5, 2.5];
  const baseline = side([10, 11, 10.5, 10.2, 10.4], noise);
  const branch = side([5, 5.1, 5.2, 5.05, 10.3], noise.toReversed());
  const four = compareInTurn(baseline.slice(0, 4), branch.slice(0, 4), 5, options);
  expect(four).toMatchObject({
    stop: '',
    pairs: 4,
    metrics: [{ name: 'quick', result: 'better' }, { result: 'cannot tell' }],
  });
  // The fifth pair would not show it again.
  expect(compareInTurn(baseline, branch, 5, options).metrics[0]).toMatchObject({ result: 'better', why: '' });
  const only = compareInTurn(baseline.slice(0, 4), branch.slice(0, 4), 5, { ...options, names: ['quick'] });
  expect(only.stop).toBe('every metric is decided');
  // An early stop has an interval: that of the level which its look may spend.
  expect(only.metrics[0]?.change?.interval).toBeDefined();
  expect(only.intervalAlpha).toBeCloseTo(2 / 70, 6);
});

test('a campaign without numbers is left out, and too few pairs decide nothing', () => {
  const runs = simulatedRuns('baseline', { seed: 1, count: 5, metrics: 1, spread: 0.01 });
  const slow = simulatedRuns('branch', { seed: 1, count: 5, metrics: 1, spread: 0.01, factors: { 0: 3 } });
  const { metrics } = compareInTurn([undefined, ...runs.slice(1)], slow, 5, options);
  expect(metrics[0]).toMatchObject({ result: 'worse', baseline: { n: 3 }, branch: { n: 4 } });
  expect(compareInTurn(runs.slice(0, 2), slow.slice(0, 2), 5, options)).toMatchObject({
    stop: '',
    metrics: [{ result: 'cannot tell' }],
  });
});
