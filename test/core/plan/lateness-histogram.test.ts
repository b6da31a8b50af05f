import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordedFields } from '../../../src/core/files/recorded-fields.ts';
import { parseRampCheckpoint } from '../../../src/core/plan/checkpoints/ramp.ts';
import { parseSoakCheckpoint } from '../../../src/core/plan/checkpoints/soak.ts';
import {
  LatenessHistogram,
  latenessQuantile,
  parseLatenessCounts,
  type LatenessCounts,
} from '../../../src/core/plan/lateness-histogram.ts';

const DAY_MS = 86_400_000;
const lateMs = fc.oneof(
  fc.constant(0),
  fc.double({ min: 0, max: 20, noNaN: true }),
  fc.nat(DAY_MS),
  fc.nat(26).map((power) => 2 ** power),
);

function countsOf(values: readonly number[], earlier: LatenessCounts = {}): LatenessCounts {
  const histogram = new LatenessHistogram(earlier);
  for (const value of values) histogram.add(value);
  return histogram.counts;
}

/** The exact quantile by nearest rank. */
function exact(values: readonly number[], quantile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1] ?? Number.NaN;
}

describe('the lateness of requests in buckets', () => {
  it('has the exact quantile within its bounds, which are a sixteenth of it apart, or 1 ms', () => {
    fc.assert(
      fc.property(
        fc.array(lateMs, { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0, 0.5, 0.99, 1),
        (values, quantile) => {
          const bounds = latenessQuantile(countsOf(values), quantile);
          const value = exact(values, quantile);
          const highMs = bounds?.highMs ?? Number.NaN;
          const lowMs = bounds?.lowMs ?? Number.NaN;
          expect(lowMs).toBeLessThanOrEqual(value);
          expect(highMs).toBeGreaterThanOrEqual(value);
          expect(highMs - lowMs).toBeLessThanOrEqual(Math.max(1, value / 16));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('is the same whichever worker counted a request, and after it was written down', () => {
    fc.assert(
      fc.property(fc.array(lateMs), fc.array(lateMs), (first, second) => {
        const written: unknown = JSON.parse(JSON.stringify({ sent: countsOf(first) }));
        const read = parseLatenessCounts(recordedFields('record', written), 'sent');
        expect(countsOf(second, read)).toEqual(countsOf([...first, ...second]));
      }),
    );
  });

  it('stays small, however late and however many the requests are', () => {
    const values = Array.from({ length: 100_000 }, (_, index) => (index / 100_000) ** 8 * DAY_MS);
    const counts = countsOf(values);
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(values.length);
    expect(JSON.stringify(countsOf([...values, DAY_MS])).length).toBeLessThan(6_000);
  });

  it('has no upper bound where that many requests were never sent', () => {
    const counts = countsOf([1, 2, 3]);
    expect(latenessQuantile(counts, 0.99)).toEqual({ lowMs: 2, highMs: 3 });
    expect(latenessQuantile(counts, 0.99, 1)).toEqual({ lowMs: 3, highMs: null });
    expect(latenessQuantile(counts, 0.5, 1)).toEqual({ lowMs: 1, highMs: 2 });
    expect(latenessQuantile({}, 0.99, 1)).toEqual({ lowMs: 0, highMs: null });
    expect(latenessQuantile({}, 0.99)).toBeUndefined();
  });
});

describe('checkpoints', () => {
  const sent = countsOf([0, 0.5, 17, 1_000]);
  const lateness = { operations: 5, late: 1, worstMs: 6_000 };

  it('keep it; those of earlier versions have none', () => {
    const soak = { startAtMs: 1, lowWater: {}, actions: {} };
    expect(parseSoakCheckpoint({ ...soak, lateness })?.lateness).toEqual(lateness);
    const counted = { ...lateness, sent, neverSent: 1 };
    expect(parseSoakCheckpoint({ ...soak, lateness: counted })?.lateness).toEqual(counted);
    expect(parseRampCheckpoint({ startAtMs: 1, lowWater: {} })).toEqual({ startAtMs: 1, lowWater: {} });
    expect(parseRampCheckpoint({ startAtMs: 1, lowWater: {}, lateness: sent })?.lateness).toEqual(sent);
  });

  it.each([
    [{ '17.5': 1 }, /sent: found "17\.5" \(string\); allowed: upper bounds of buckets, ms/],
    [{ '33': 1 }, /sent: found "33" \(string\); allowed: upper bounds/],
    [{ '-1': 1 }, /sent: found "-1" \(string\)/],
    [{ x: 1 }, /sent: found "x" \(string\)/],
    [{ '34': -1 }, /sent: 34: found -1 \(number\); allowed: a whole number/],
  ])('with %j are refused by the name of the field', (counts, message) => {
    expect(() => parseLatenessCounts(recordedFields('checkpoint', { sent: counts }), 'sent')).toThrow(message);
  });
});
