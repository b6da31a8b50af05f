import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { clockAhead, clockCorrectionMs, clockText } from '../../../src/core/plan/clock-ahead.ts';

test('the true difference of two clocks is always within the bounds, and samples of a second narrow them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -100_000, max: 100_000 }),
      fc.array(fc.record({ pauseMs: fc.nat(150), outMs: fc.nat(80), backMs: fc.nat(80) }), { minLength: 1 }),
      (aheadMs, trips) => {
        let nowMs = 1_700_000_000_000;
        const samples = trips.map(({ pauseMs, outMs, backMs }) => {
          const sentMs = nowMs;
          const answeredMs = sentMs + outMs;
          nowMs = answeredMs + backMs + pauseMs;
          const dateMs = Math.floor((answeredMs + aheadMs) / 1_000) * 1_000;
          return { sentMs, receivedMs: answeredMs + backMs, dateMs };
        });
        const found = clockAhead(samples);
        expect(found?.lowMs).toBeLessThanOrEqual(aheadMs);
        expect(found?.highMs).toBeGreaterThanOrEqual(aheadMs);
        const [first, last] = [samples[0]?.sentMs ?? 0, samples.at(-1)?.sentMs ?? 0];
        if (last - first > 1_000 && found !== undefined) expect(found.highMs - found.lowMs).toBeLessThanOrEqual(470);
      },
    ),
  );
});

test.each([
  [{ lowMs: -40, highMs: 120 }, 0, 'within 120 ms'],
  [{ lowMs: -30_150, highMs: -29_950 }, -29_950, '30 s behind, to 100 ms'],
  [{ lowMs: 900, highMs: 1_100 }, 900, '1 s ahead, to 100 ms'],
])('%j is corrected by %i ms, and is %s', (ahead, correctionMs, text) => {
  expect(clockCorrectionMs(ahead)).toBe(correctionMs);
  expect(clockText(ahead)).toBe(text);
});

test('clocks that do not fit together are none', () => {
  expect(clockAhead([])).toBeUndefined();
  const times = { sentMs: 0, receivedMs: 10 };
  expect(clockAhead([0, 30_000].map((dateMs) => ({ ...times, dateMs })))).toBeUndefined();
});
