import { expect, test } from 'vitest';
import { budgetLimit, budgetOf, type BudgetOutline } from '../../../src/core/campaign/budget.ts';

test('a profile without limits has no budget', () => {
  expect(budgetOf({ usd: 0, wallClockMs: 0 }, 100)).toBeUndefined();
  expect(budgetOf({ usd: 0, wallClockMs: 1 }, 0)).toEqual({ usd: 0, wallClockMs: 1, usdPerHour: 0 });
});

test.for<[string, BudgetOutline, number | undefined, RegExp]>([
  ['of time', { wallClockMs: 7_200_000, usd: 0, usdPerHour: 5 }, 7_200_000, /^budget\.wallClock of 2h is used up$/],
  [
    'of money',
    { wallClockMs: 0, usd: 10, usdPerHour: 5 },
    7_200_000,
    /^budget\.usd of 10 is used up, at 5\.00 an hour$/,
  ],
  ['of both, time first', { wallClockMs: 3_600_000, usd: 10, usdPerHour: 5 }, 3_600_000, /wallClock/],
  ['of both, money first', { wallClockMs: 9_000_000, usd: 10, usdPerHour: 5 }, 7_200_000, /usd/],
  ['of money on hosts that cost nothing', { wallClockMs: 0, usd: 10, usdPerHour: 0 }, undefined, /./],
  ['of more money than any campaign takes', { wallClockMs: 0, usd: 1e9, usdPerHour: 0.01 }, undefined, /./],
  ['that does not divide evenly', { wallClockMs: 0, usd: 1, usdPerHour: 7 }, 514_285, /usd/],
])('a limit %s', ([, budget, endAfterMs, used]) => {
  const limit = budgetLimit(budget);
  expect(limit?.endAfterMs).toBe(endAfterMs);
  if (limit === undefined) return;
  expect(limit.warnAfterMs).toBe(Math.floor(limit.endAfterMs * 0.8));
  expect(limit.used).toMatch(used);
});
