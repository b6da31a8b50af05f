import { describe, expect, it } from 'vitest';
import type { Change, TrendRun } from '../../../src/core/history/trend/model.ts';
import { trendOf } from '../../../src/core/history/trend/trend.ts';

/** Seconds of ScaleTest_1000 in Grove's public history, 19 May to 16 August 2026. */
const DAYS =
  '05-19 05-19 05-19 05-24 06-10 06-14 06-16 06-21 06-22 06-28 07-05 07-12 07-19 07-26 08-02 08-09 08-16'.split(' ');
const CREATED = [
  21.24, 20.42, 17.39, 22.02, 22.03, 22.62, 21.03, 22.04, 20.92, 22.22, 22.22, 32.63, 32.23, 35.43, 35.53, 36.53, 36.13,
];
const READY = [
  47.01, 46.22, 42.89, 48.04, 49.72, 69.61, 46.71, 47.51, 46.41, 50.31, 49.31, 53.02, 54.62, 58.12, 58.72, 79.62, 61.82,
];

describe('the public history of Grove', () => {
  it('flags the step of 12 July on its first run, and nothing before it', () => {
    const { changes, answers } = trend(CREATED);
    expect(answers.slice(0, 11).map(({ answer }) => answer)).toEqual([
      ...Array.from({ length: 5 }, () => 'too-little-history'),
      ...Array.from({ length: 6 }, () => 'same'),
    ]);
    expect(trend(CREATED.slice(0, 12)).changes.map(inShort)).toEqual(['step open since 07-12, flagged 07-12']);
    expect(changes.map(inShort)).toEqual(['step confirmed since 07-12, flagged 07-12']);
    expect(changes[0]?.size.share).toBeCloseTo(0.63, 1);
    expect(changes[0]?.size.low).toBeGreaterThan(0.5);
    expect(changes[0]?.size.high).toBeLessThan(0.8);
  });

  it('asks for another run at a single outlier, and the next run settles it', () => {
    const { changes, answers } = trend(READY);
    expect(answers[5]?.change).toMatchObject({ kind: 'outlier', state: 'open' });
    expect(answers[6]?.settled).toMatchObject({ kind: 'outlier', state: 'confirmed' });
    const outliers = changes.filter(({ kind }) => kind === 'outlier').map(inShort);
    expect(outliers).toEqual([
      'outlier confirmed since 06-14, flagged 06-14',
      'outlier confirmed since 08-09, flagged 08-09',
    ]);
  });

  it('finds the slow rise, and no step', () => {
    const { changes } = trend(READY);
    const [drift, ...more] = changes.filter(({ kind }) => kind !== 'outlier');
    expect(more).toEqual([]);
    expect(drift).toMatchObject({ kind: 'drift', since: 9 });
    expect(drift?.size.share).toBeCloseTo(0.33, 1);
  });
});

describe('the answer of a run', () => {
  it('does not depend on later runs', () => {
    const { answers } = trend(READY);
    for (const [index, answer] of answers.entries())
      expect(trend(READY.slice(0, index + 1)).answers.at(-1)).toEqual(answer);
  });

  it('withdraws a step that the next run does not show', () => {
    const values = [10, 10.2, 9.9, 10.1, 10, 9.8, 10.1, 10.2, 9.9, 10, 19, 10.1];
    expect(trend(values.slice(0, 11)).changes).toMatchObject([{ kind: 'step', state: 'open' }]);
    expect(trend(values).changes).toMatchObject([
      { kind: 'outlier', flaggedAs: 'step', state: 'withdrawn', settledAt: 11 },
    ]);
  });

  it('confirms as a step what looked like an outlier', () => {
    const values = [10, 10.5, 9.6, 10.1, 10, 12.5, 12.4, 12.6];
    expect(trend(values).changes).toMatchObject([{ kind: 'step', flaggedAs: 'outlier', since: 5, settledAt: 6 }]);
  });

  it('does not call an excursion a step where the series had one like it', () => {
    const before = [10, 10.2, 9.9, 10.1, 10, 9.8, 10.1, 10.2, 9.9, 10];
    expect(trend([...before, 19]).changes).toMatchObject([{ kind: 'step' }]);
    expect(trend([...before, 19, 10, 10.1, 9.9, 10.2, 18.5]).changes.at(-1)).toMatchObject({
      kind: 'outlier',
      state: 'open',
    });
  });

  it('shows a change and its repair', () => {
    const values = [10, 10.2, 9.9, 10.1, 10, 9.8, 10.1, 13, 13.1, 12.9, 13.2, 10, 10.1];
    expect(trend(values).changes).toMatchObject([
      { kind: 'step', since: 7, flaggedAt: 7, state: 'confirmed' },
      { kind: 'step', since: 11, flaggedAt: 11, state: 'confirmed' },
    ]);
  });

  it('ends a drift that went flat', () => {
    const values = Array.from({ length: 60 }, (_, run) => 100 + Math.min(20, Math.max(0, run - 10)) + wobble(run));
    const { answers, changes } = trend(values);
    expect(changes.filter(({ kind }) => kind !== 'outlier')).toMatchObject([{ kind: 'drift', state: 'confirmed' }]);
    expect(answers.at(-1)?.answer).toBe('same');
  });
});

describe('values of other kinds', () => {
  it.each<{ readonly what: string; readonly values: readonly (number | null)[]; readonly found: readonly string[] }>([
    { what: 'none', values: [], found: [] },
    { what: 'none measured', values: [null, null, null, null, null, null, null], found: [] },
    { what: 'five', values: [1, 2, 3, 4, 100], found: [] },
    { what: 'all the same', values: Array.from({ length: 50 }, () => 7), found: [] },
    { what: 'the same, then a tiny change', values: [5, 5, 5, 5, 5, 5, 5, 5.01, 5.01, 5.01, 5.01], found: [] },
    { what: 'the same, then another', values: [5, 5, 5, 5, 5, 5, 6.5, 6.5], found: ['step 6'] },
    { what: 'zeros', values: [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0], found: [] },
    { what: 'zeros, then not', values: [0, 0, 0, 0, 0, 0, 7, 8, 7], found: ['step 6'] },
    { what: 'negative', values: [-10, -10.1, -9.9, -10, -10.2, -9.8, -15, -15.1], found: ['step 6'] },
    { what: 'one unit of a count', values: [3, 3, 3, 3, 3, 3, 4, 3, 3, 3], found: [] },
    { what: 'a count that stays', values: [3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 4, 4], found: ['step 7'] },
    { what: 'gaps', values: [10, 10.2, null, 9.9, 10.1, null, 10, 13, null, null, 13.1], found: ['step 7'] },
    { what: 'not numbers', values: [10, 10.2, NaN, 9.9, 10.1, Infinity, 10, 10.1], found: [] },
    { what: 'another unit', values: [1.2, 1.3, 1.25, 1.21, 1.3, 1250, 1240], found: ['step 5'] },
    { what: 'very large', values: [1e49, 1, 1.1, 0.9, 1, 1.05, 1e49, 1], found: ['outlier 6'] },
    { what: 'larger than what is compared', values: [1e200, 1, 1.1, 0.9, 1, 1.05, 1e149, 1], found: [] },
    { what: 'very small', values: [1e-9, 1.1e-9, 0.9e-9, 1e-9, 1.05e-9, 3e-9, 3.1e-9], found: ['step 5'] },
    { what: 'a wild first run', values: [500, 100, 101, 99, 100, 102, 100, 99, 130, 131], found: ['step 8'] },
    { what: 'two bands', values: bands(40), found: [] },
  ])('$what', ({ values, found }) => {
    expect(trend(values).changes.map(({ kind, since }) => `${kind} ${since}`)).toEqual(found);
  });

  it('leaves what is open until a measured run', () => {
    const { answers, changes } = trend([10, 10.2, 9.9, 10.1, 10, 13, null, null]);
    expect(answers.slice(5).map(({ answer }) => answer)).toEqual(['step', 'unmeasured', 'unmeasured']);
    expect(changes).toMatchObject([{ state: 'open' }]);
  });

  it('keeps a change below the smallest of interest to itself', () => {
    const values = Array.from({ length: 30 }, (_, run) => 100 + (run < 15 ? 0 : 4) + wobble(run) / 4);
    expect(trend(values).changes).toEqual([]);
    const fine = trendOf(
      values.map((value) => ({ value })),
      { minChange: 0.02, minRuns: 5 },
    );
    expect(fine.changes).toMatchObject([{ kind: 'step', since: 15 }]);
  });
});

describe('cycles within a run', () => {
  it('are judged beside the others of their run', () => {
    const cycles = [110.2, 126.4, 1.9, 1.9, 1.8, 1.9, 2, 1.9, 1.9, 1.9];
    expect(trendOf([{ value: 1.9, cycles }]).answers[0]?.cycles).toEqual([0, 1]);
    expect(trendOf([{ value: 1.9, cycles: [1.9, 1.9, 2, 1.8, 1.9, 2] }]).answers[0]?.cycles).toBeUndefined();
  });

  it('tell a change of the whole run from one of a few cycles', () => {
    const before: readonly TrendRun[] = [10, 10.5, 9.6, 10.1, 10].map((value) => ({ value }));
    const all = trendOf([...before, { value: 14, cycles: [14, 13.8, 14.1, 13.9, 14.2] }]);
    expect(all.changes).toMatchObject([{ kind: 'step', state: 'open' }]);
    const few = trendOf([...before, { value: 14, cycles: [10, 10.1, 9.9, 10, 30] }]);
    expect(few.changes).toMatchObject([{ kind: 'outlier', state: 'open' }]);
  });
});

function trend(values: readonly (number | null)[]): ReturnType<typeof trendOf> {
  return trendOf(values.map((value) => ({ value })));
}

function inShort({ kind, state, since, flaggedAt }: Change): string {
  return `${kind} ${state} since ${DAYS[since]}, flagged ${DAYS[flaggedAt]}`;
}

/** Noise without randomness. */
function wobble(run: number): number {
  return ((run * 7919) % 13) / 6.5 - 1;
}

function bands(runs: number): readonly number[] {
  return Array.from({ length: runs }, (_, run) => ((run * 7) % 3 === 0 ? 115 : 100) + wobble(run));
}
