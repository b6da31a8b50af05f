import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { clockSet } from '../../../src/core/plan/clock-set.ts';
import { CLOCKS_APART_MS } from '../../../src/core/plan/limits.ts';

const before = { wallMs: 1_796_000_000_000, steadyMs: 500 };
const after = (passedMs: number, setByMs: number) => ({
  wallMs: before.wallMs + passedMs + setByMs,
  steadyMs: before.steadyMs + passedMs,
});

test.each([
  [3_600_000, /was set forward, or the host slept, by 1h/],
  [-90_000, /was set back by 1m30s/],
])('a clock that is set by %d ms is found', (setByMs, text) => {
  expect(clockSet(before, after(7_000, setByMs))).toMatch(text);
});

test('time that passes is no setting, however long, and neither is a small correction', () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 10 ** 9 }),
      fc.integer({ min: -CLOCKS_APART_MS, max: CLOCKS_APART_MS }),
      (passed, set) => {
        expect(clockSet(before, after(passed, set))).toBeUndefined();
      },
    ),
  );
});
