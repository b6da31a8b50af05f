import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/core/history/trend/model.ts';
import { trendOf } from '../../../src/core/history/trend/trend.ts';
import { simulated, type Wanted } from './series-patterns.ts';
import { CASES, caseText, cellsOf, ratesOf, reportedByBelay, type Rates } from './series-rates.ts';

/** The seeds of docs/trend.md. `bench/trend.ts` prints the rates of every kind of series. */
const SEEDS = 1_000;

/** Rows of the first table of rates: a kind of series, and its cells. */
const STATED = statedRates();

describe('the rates that docs/trend.md states', () => {
  it('are those of kinds of series with each pattern and noise', () => {
    const stated = CASES.filter((wanted) => STATED.has(caseText(wanted)));
    expect(stated.length).toBe(STATED.size);
    expect([...new Set(stated.map(({ pattern }) => pattern))]).toHaveLength(8);
    expect([...new Set(stated.map(({ noise }) => noise))]).toHaveLength(5);
  });

  it.each([...STATED])('are measured: %s', (text, cells) => {
    const wanted = CASES.find((one) => caseText(one) === text)!;
    expect(cellsOf(wanted, measured(wanted))).toEqual(cells);
  });
});

/** What must not be given away: rates in the unit of the table. */
const LIMITS = [
  { text: 'no change, 40 runs, normal 10 %', wrong: 9, again: 9 },
  { text: 'no change, 40 runs, uniform 10 %', wrong: 6, again: 4 },
  { text: 'no change, 40 runs, heavy 10 %', wrong: 12, again: 35 },
  { text: 'no change, 40 runs, remembering 10 %', wrong: 30, again: 12 },
  { text: 'one outlier of 50 %, normal 5 %', wrong: 6 },
  { text: 'bands of 30 %, normal 2 %', wrong: 3 },
  { text: 'step of 20 % after 10 runs, normal 2 %', first: 97, missed: 3 },
  { text: 'step of 50 % after 5 runs, normal 5 %', first: 75, missed: 3 },
  { text: 'step of 50 % after 10 runs, normal 5 %', first: 97, missed: 3 },
  { text: 'step of 50 % after 20 runs, normal 10 %', first: 60, missed: 3 },
  { text: 'step of 50 % after 20 runs, normal 15 %', first: 34, median: 1, missed: 3 },
  { text: 'step of 10 % after 20 runs, normal 5 %', median: 5, missed: 15 },
] as const;

it.each(LIMITS)('$text: the rates stay within their limits', ({ text, ...limit }) => {
  const [wrong, again, first, median, missed] = (STATED.get(text) ?? []).map((cell) => parseFloat(cell));
  const above = { wrong: 0, again: 0, median: 0, missed: 0, ...limit };
  if ('wrong' in limit) expect(wrong).toBeLessThan(above.wrong);
  if ('again' in limit) expect(again).toBeLessThan(above.again);
  if ('first' in limit) expect(first).toBeGreaterThan(limit.first);
  if ('median' in limit) expect(median).toBeLessThanOrEqual(above.median);
  if ('missed' in limit) expect(missed).toBeLessThan(above.missed);
});

it('a drift is found as one, if not at first', () => {
  const wanted = { pattern: 'drift', noise: 'normal', share: 0.02, runs: 40, at: 10, size: 0.2 } as const;
  const kinds = seeds().map((seed) => changesOf(wanted, seed).map(({ kind }) => kind));
  expect(kinds.filter((found) => !found.includes('drift')).length).toBeLessThan(0.02 * SEEDS);
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

function statedRates(): ReadonlyMap<string, readonly string[]> {
  const lines = readFileSync(new URL('../../../docs/trend.md', import.meta.url), 'utf8').split('\n');
  const head = lines.indexOf('| series | false | again | on first run | median delay | missed |');
  const rest = lines.slice(head + 2);
  const rows = rest.slice(
    0,
    rest.findIndex((line) => !line.startsWith('|')),
  );
  const cells = rows.map((line) => line.split('|').map((cell) => cell.trim()));
  return new Map(cells.map(([, text = '', ...values]) => [text, values.slice(0, -1)]));
}

function measured(wanted: Wanted): Rates {
  return ratesOf(
    wanted,
    seeds().map((seed) => reportedByBelay(simulated(wanted, seed))),
  );
}

function changesOf(wanted: Wanted, seed: number): readonly Change[] {
  return trendOf(simulated(wanted, seed).map((value) => ({ value }))).changes;
}

function seeds(): readonly number[] {
  return Array.from({ length: SEEDS }, (_, seed) => seed);
}
