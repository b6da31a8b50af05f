import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/core/history/trend/model.ts';
import { trendOf } from '../../../src/core/history/trend/trend.ts';
import { simulated, type Wanted } from './series-patterns.ts';

/**
 * Rates over simulated series, with bounds a little above those of docs/trend.md: fewer seeds vary more. `bench/trend.ts` has
 * every shape, noise and length over a thousand seeds.
 */
const SEEDS = 120;

interface Rates {
  /** Steps and drifts that are not there, per 1,000 judged runs, and requests for another run without a cause. */
  readonly falsePer1000: number;
  readonly againPer1000: number;
  /** Of the changes that are there: shares flagged on their first run, and never. */
  readonly first: number;
  readonly missed: number;
  readonly medianDelay: number;
}

describe('series without a change', () => {
  it.each<{ readonly noise: Wanted['noise']; readonly falsePer1000: number; readonly againPer1000: number }>([
    { noise: 'normal', falsePer1000: 9, againPer1000: 9 },
    { noise: 'uniform', falsePer1000: 6, againPer1000: 4 },
    { noise: 'heavy', falsePer1000: 12, againPer1000: 35 },
    { noise: 'remembering', falsePer1000: 30, againPer1000: 12 },
  ])('have few false alarms with $noise noise', ({ noise, ...most }) => {
    const rates = ratesOf({ pattern: 'constant', noise, share: 0.1, runs: 35, at: 35, size: 0 });
    expect(rates.falsePer1000).toBeLessThan(most.falsePer1000);
    expect(rates.againPer1000).toBeLessThan(most.againPer1000);
  });

  it.each(['outlier', 'bands'] as const)('of the pattern %s have few', (pattern) => {
    const rates = ratesOf({ pattern, noise: 'normal', share: 0.02, runs: 35, at: 15, size: 0.3 });
    expect(rates.falsePer1000).toBeLessThan(3);
  });
});

describe('a step', () => {
  it.each<{ readonly share: number; readonly size: number; readonly at: number; readonly first: number }>([
    { share: 0.02, size: 0.2, at: 10, first: 0.97 },
    { share: 0.05, size: 0.5, at: 5, first: 0.75 },
    { share: 0.05, size: 0.5, at: 10, first: 0.97 },
    { share: 0.1, size: 0.5, at: 20, first: 0.6 },
  ])('of $size after $at runs with noise $share is flagged on its first run', ({ first, ...shape }) => {
    const rates = ratesOf({ pattern: 'step', noise: 'normal', runs: shape.at + 10, ...shape });
    expect(rates.first).toBeGreaterThan(first);
    expect(rates.missed).toBeLessThan(0.03);
  });

  it('of two deviations is found by several runs', () => {
    const rates = ratesOf({ pattern: 'step', noise: 'normal', share: 0.05, runs: 35, at: 20, size: 0.1 });
    expect(rates.medianDelay).toBeLessThanOrEqual(5);
    expect(rates.missed).toBeLessThan(0.15);
  });
});

it('a drift is found as one, if not at first', () => {
  const wanted = { pattern: 'drift', noise: 'normal', share: 0.02, runs: 40, at: 10, size: 0.2 } as const;
  const kinds = seeds().map((seed) => changesOf(wanted, seed).map(({ kind }) => kind));
  expect(kinds.filter((found) => !found.includes('drift')).length).toBeLessThan(0.1 * SEEDS);
  expect(kinds.filter((found) => !found.includes('drift') && !found.includes('step'))).toEqual([]);
});

it('intervals cover the change of a step', () => {
  const wanted = { pattern: 'step', noise: 'normal', share: 0.05, runs: 30, at: 15, size: 0.5 } as const;
  const sizes = seeds().flatMap((seed) =>
    changesOf(wanted, seed)
      .filter(({ since }) => since === 15)
      .map(({ size }) => size),
  );
  const covering = sizes.filter(({ low = 1, high = 0 }) => low <= 0.5 && high >= 0.5);
  expect(covering.length / sizes.length).toBeGreaterThan(0.9);
});

function ratesOf(wanted: Wanted): Rates {
  let [judged, wrong, again] = [0, 0, 0];
  const delays: number[] = [];
  for (const seed of seeds()) {
    judged += wanted.runs - 5;
    let delay = Infinity;
    for (const change of changesOf(wanted, seed)) {
      const isTrue = wanted.pattern === 'step' && change.flaggedAt >= wanted.at && change.kind !== 'outlier';
      if (isTrue) delay = Math.min(delay, change.flaggedAt - wanted.at);
      else if (change.kind !== 'outlier') wrong += 1;
      else if (!(wanted.pattern === 'outlier' && change.since === wanted.at)) again += 1;
    }
    delays.push(delay);
  }
  const shareOf = (delay: number): number => delays.filter((one) => one === delay).length / delays.length;
  return {
    falsePer1000: (1_000 * wrong) / judged,
    againPer1000: (1_000 * again) / judged,
    first: shareOf(0),
    missed: shareOf(Infinity),
    medianDelay: delays.toSorted((a, b) => a - b)[delays.length >> 1] ?? Infinity,
  };
}

function changesOf(wanted: Wanted, seed: number): readonly Change[] {
  return trendOf(simulated(wanted, seed).map((value) => ({ value }))).changes;
}

function seeds(): readonly number[] {
  return Array.from({ length: SEEDS }, (_, seed) => seed);
}
