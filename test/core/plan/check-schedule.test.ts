import { describe, expect, it } from 'vitest';
import { checkNumber, checksDue, nextCheckMs } from '../../../src/core/plan/check-schedule.ts';

describe('the checks of a soak', () => {
  it.each<[string, number, number, number, number]>([
    ['one at every interval between settling and end', 0, 60_000, 5_000, 11],
    ['an end between two of them', 0, 61_000, 5_000, 12],
    ['a settle time', 30_000, 60_000, 5_000, 5],
    ['an interval as long as the soak', 0, 60_000, 60_000, 0],
    ['a settle time as long as the soak', 60_000, 60_000, 5_000, 0],
    ['a soak that ended while it settled', 60_000, 20_000, 5_000, 0],
  ])('with %s', (_, settleEndMs, endMs, intervalMs, due) => {
    const schedule = { settleEndMs, endMs, intervalMs };
    expect(checksDue(schedule)).toBe(due);
    const moments: number[] = [];
    for (let atMs = nextCheckMs(schedule, 0); atMs < endMs; atMs = nextCheckMs(schedule, atMs)) moments.push(atMs);
    expect(moments).toHaveLength(due);
    expect(moments.map((atMs) => checkNumber(schedule, atMs))).toEqual(moments.map((_moment, index) => index + 1));
  });

  it('have the same moments whichever attempt makes them', () => {
    const schedule = { settleEndMs: 10_000, endMs: 60_000, intervalMs: 5_000 };
    expect([0, 10_000, 15_000, 17_300, 59_999].map((nowMs) => nextCheckMs(schedule, nowMs))).toEqual([
      15_000, 15_000, 20_000, 20_000, 60_000,
    ]);
  });

  it('have a number until the next is due, and none outside of the time of the checks', () => {
    const schedule = { settleEndMs: 10_000, endMs: 60_000, intervalMs: 5_000 };
    expect([9_000, 14_999, 15_000, 19_999, 20_000, 59_999, 60_000].map((atMs) => checkNumber(schedule, atMs))).toEqual([
      undefined,
      undefined,
      1,
      1,
      2,
      9,
      undefined,
    ]);
  });
});
