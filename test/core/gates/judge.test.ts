import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { justAbove } from '../../../src/core/gates/beyond-bar.ts';
import { judgeGate } from '../../../src/core/gates/judge.ts';
import type { Bar, GateDefinition, Reading } from '../../../src/core/gates/model.ts';

const gate: GateDefinition = {
  name: 'bind',
  description: '',
  unit: 's',
  source: { kind: 'query', query: 'a' },
  bar: { max: 2 },
  barKind: 'held',
  failFast: false,
  windowMs: 'soak',
  minSamples: 5,
  unmeasured: 'fail',
};

function reading(value: number | null): Reading {
  const base = { gate: 'bind', value, samples: 9, windowStartMs: 0, windowEndMs: 1, atMs: 1 };
  return value === null
    ? { ...base, quality: 'unmeasured', reason: 'no-series', detail: 'no series a' }
    : { ...base, quality: 'measured' };
}

describe('judgeGate', () => {
  it.each<[Bar, number, string, number | null, string]>([
    [{ max: 2 }, 1.5, 'pass', 0.25, 'bind = 1.5 s, 0.5 s (25 %) within its bar of at most 2 s'],
    [{ max: 2 }, 2, 'pass', 0, 'bind = 2 s, exactly on its bar of at most 2 s'],
    [{ max: 2 }, 2.000001, 'fail', -0.0000005, 'bind = 2 s, 1.00e-6 s (0.00005 %) over its bar of at most 2 s'],
    [{ max: 2 }, 3, 'fail', -0.5, 'bind = 3 s, 1 s (50 %) over its bar of at most 2 s'],
    [{ min: 0.99 }, 0.9, 'fail', -0.0909, 'bind = 0.9 s, 0.09 s (9.1 %) under its bar of at least 0.99 s'],
    [{ min: 0.99 }, 0.99, 'pass', 0, 'bind = 0.99 s, exactly on its bar of at least 0.99 s'],
    [{ max: 0 }, 0, 'pass', null, 'bind = 0 s, exactly on its bar of at most 0 s'],
    [{ max: 0 }, 18, 'fail', null, 'bind = 18 s, 18 s over its bar of at most 0 s'],
    [
      { min: 1, max: 4 },
      3,
      'pass',
      0.25,
      'bind = 3 s, 1 s (25 %) within its bar of at most 4 s and 2 s (200 %) within its bar of at least 1 s',
    ],
    [{ min: 0.999 }, 0.9995, 'pass', 0.0005, 'bind = 0.9995 s, 0.0005 s (0.05 %) within its bar of at least 0.999 s'],
    [{ min: 0 }, 3, 'pass', null, 'bind = 3 s, 3 s within its bar of at least 0 s'],
    [{ min: -4 }, -3, 'pass', 0.25, 'bind = -3 s, 1 s (25 %) within its bar of at least -4 s'],
    [{ min: -4 }, -5, 'fail', -0.25, 'bind = -5 s, 1 s (25 %) under its bar of at least -4 s'],
    [{ max: -4 }, -5, 'pass', 0.25, 'bind = -5 s, 1 s (25 %) within its bar of at most -4 s'],
    [{ max: -4 }, -3, 'fail', -0.25, 'bind = -3 s, 1 s (25 %) over its bar of at most -4 s'],
    [{ min: 1, max: 4 }, 6, 'fail', -0.5, 'bind = 6 s, 2 s (50 %) over its bar of at most 4 s'],
    [{ min: 1, max: 4 }, 0.5, 'fail', -0.5, 'bind = 0.5 s, 0.5 s (50 %) under its bar of at least 1 s'],
    [
      { min: 1, max: 4 },
      4,
      'pass',
      0,
      'bind = 4 s, exactly on its bar of at most 4 s and 3 s (300 %) within its bar of at least 1 s',
    ],
  ])('bar %j, value %d: %s', (bar, value, verdict, headroom, words) => {
    const result = judgeGate({ ...gate, bar }, reading(value));
    expect(result.verdict).toBe(verdict);
    expect(result.message).toBe(words);
    if (headroom === null) expect(result.headroom).toBeNull();
    else expect(result.headroom).toBeCloseTo(headroom, 4);
  });

  it('never turns an unmeasured reading into a pass', () => {
    for (const barKind of ['held', 'scaled', 'informational'] as const) {
      for (const unmeasured of ['fail', 'allow'] as const) {
        const result = judgeGate({ ...gate, barKind, unmeasured }, reading(null));
        expect(result).toMatchObject({ verdict: 'unmeasured', headroom: null });
        expect(result.counts).toBe(barKind !== 'informational' && unmeasured === 'fail');
        expect(result.message).toContain('unmeasured (no-series): no series a');
      }
    }
  });

  it.each<[string, Bar, { low: number; high: number | null }, string, string]>([
    ['all of it within the bar', { max: 8 }, { low: 4, high: 8 }, 'pass', 'bind = 6 s (between 4 s and 8 s), 2 s'],
    ['all of it beyond the bar', { max: 3 }, { low: 4, high: 8 }, 'fail', 'over its bar'],
    [
      'the bar between',
      { max: 7 },
      { low: 4, high: 8 },
      'unmeasured',
      'between 4 s and 8 s, and the bar is at most 7 s',
    ],
    ['the lower bar between', { min: 5 }, { low: 4, high: 8 }, 'unmeasured', 'the bar is at least 5 s'],
    ['a lower bound beyond the bar', { max: 3 }, { low: 6, high: null }, 'fail', 'bind = 6 s or more'],
    ['a lower bound within the bar', { max: 7 }, { low: 6, high: null }, 'unmeasured', 'at least 6 s'],
    ['a lower bound that is enough', { min: 5 }, { low: 6, high: null }, 'pass', '6 s or more'],
  ])('knows a value to its bounds: %s', (_, bar, bounds, verdict, words) => {
    const result = judgeGate({ ...gate, bar }, { ...reading(6), ...bounds });
    expect(result).toMatchObject({ verdict, message: expect.stringContaining(words) });
    expect(result.reading.value === null).toBe(verdict === 'unmeasured');
    // Judged again by another bar, the same reading counts again.
    const again = judgeGate({ ...gate, bar: { max: 9 } }, result.reading);
    expect(again.verdict).toBe(bounds.high === null ? 'unmeasured' : 'pass');
    const shown = judgeGate({ ...gate, bar: {}, barKind: 'informational' }, result.reading);
    expect(shown.reading).toMatchObject({ value: 6, ...bounds });
  });

  it.each<[string, Bar, number, string]>([
    ['0.1 + 0.2, at most 0.3', { max: 0.3 }, 0.1 + 0.2, 'pass'],
    ['1 - 0.9, at least 0.1', { min: 0.1 }, 1 - 0.9, 'pass'],
    [
      'ten times 0.1, at least 1',
      { min: 1 },
      Array<number>(10)
        .fill(0.1)
        .reduce((sum, one) => sum + one),
      'pass',
    ],
    ['0.07 s in milliseconds, at most 70', { max: 70 }, 0.07 * 1_000, 'pass'],
    ['what is left of a difference, at most 0', { max: 0 }, 0.1 + 0.2 - 0.3, 'pass'],
    ['what is left of a difference, at least 0', { min: 0 }, 0.3 - (0.1 + 0.2), 'pass'],
    ['0.1 + 0.2 against a bar below 0', { min: -0.3 }, -(0.1 + 0.2), 'pass'],
    ['a difference in the 14th digit', { max: 0.3 }, 0.300_000_000_000_01, 'fail'],
    ['a difference in the 14th digit, below', { min: 0.3 }, 0.299_999_999_999_99, 'fail'],
    ['one in 100 billion, at most none', { max: 0 }, 1e-11, 'fail'],
    ['a count of one more', { max: 2 ** 53 - 2 }, 2 ** 53 - 1, 'fail'],
    ['a count of one fewer', { min: 2 ** 53 - 1 }, 2 ** 53 - 2, 'fail'],
  ])('leaves rounding out of a verdict, and nothing that a text shows: %s', (_, bar, value, verdict) => {
    const result = judgeGate({ ...gate, bar }, reading(value));
    expect(result.verdict).toBe(verdict);
    if (verdict === 'pass') expect(result.message).toContain('exactly on its bar');
    if (result.headroom !== null) expect(Math.sign(result.headroom)).toBe(verdict === 'pass' ? 0 : -1);
  });

  it.each<[string, Bar, number, Partial<Reading>, string]>([
    ['the upper bound is on the bar', { max: 0.3 }, 0.25, { low: 0.2, high: 0.1 + 0.2 }, 'pass'],
    ['the lower bound is on the bar', { min: 0.1 }, 0.15, { low: 1 - 0.9, high: 0.2 }, 'pass'],
    ['the lower bound is above the bar, as that of a bucket is', { max: 0.3 }, 0.9, { low: justAbove(0.3) }, 'fail'],
    ['written by an earlier version', { max: 0.3 }, 0.9, { low: 0.3 + 0.3 * Number.EPSILON, high: 1 }, 'fail'],
    ['a bound beyond the bar', { max: 0.3 }, 0.25, { low: 0.2, high: 0.300_000_000_000_01 }, 'unmeasured'],
    ['a value that is on the bar, and a bound beyond it', { max: 0.3 }, 0.1 + 0.2, { high: 0.5 }, 'unmeasured'],
  ])('leaves rounding out of bounds: %s', (_, bar, value, bounds, verdict) => {
    expect(judgeGate({ ...gate, bar }, { ...reading(value), ...bounds }).verdict).toBe(verdict);
  });

  it('agrees with the plain comparison for any value and bar that differ by more than rounding', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    // Numbers that are near each other are seldom drawn.
    const pair = fc.oneof(
      fc.tuple(number, number),
      fc.tuple(number, fc.integer({ min: -200, max: 200 })).map(([max, ulps]) => [max * (1 + ulps * 2 ** -52), max]),
    );
    fc.assert(
      fc.property(pair, ([value = 0, max = 0]) => {
        const result = judgeGate({ ...gate, bar: { max } }, reading(value));
        const isNear = Math.abs(value - max) <= (max === 0 ? 1e-12 : 2e-15 * Math.abs(max));
        const isCount = Number.isInteger(value) && Number.isInteger(max);
        if (isNear && !isCount && result.verdict === 'pass') return true;
        return (
          result.verdict === (value > max ? 'fail' : 'pass') &&
          (result.headroom ?? 0) >= 0 === !(value > max && max !== 0)
        );
      }),
    );
  });

  it('is for every value on one side of a bar only, and does not fail what is nearer to the bar than what passes', () => {
    const side = fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-9, max: 1e9 });
    const steps = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }));
    fc.assert(
      fc.property(side, steps, (max, [one, other]) => {
        const at = (ulps: number): string =>
          judgeGate({ ...gate, bar: { max } }, reading(max + ulps * max * Number.EPSILON)).verdict;
        return at(Math.min(one, other)) === 'pass' || at(Math.max(one, other)) === 'fail';
      }),
    );
  });
});
