import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, MAX_DURATION_MS, parseDuration } from '../../../src/core/text/duration.ts';
import { nearest } from '../../../src/core/text/nearest.ts';
import { checkPromql } from '../../../src/core/promql/check.ts';
import { parseQuantity } from '../../../src/core/model/quantity.ts';

describe('durations', () => {
  it.each([
    ['0s', 0],
    ['500ms', 500],
    ['90s', 90_000],
    ['1h45m', 6_300_000],
    // Go takes any amount of a unit, and units in any order and more than once.
    ['1h60m', 7_200_000],
    ['30s1m', 90_000],
    ['1m1m', 120_000],
    ['1.5h', 5_400_000],
    ['1.1s', 1_100],
    ['.5s', 500],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '10', '10 m', '-5s', '5d', 'm', '1h1', '0.1ms', '1e3s', 'NaNs', '9999999h', '1h'.repeat(100)])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION_MS }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
  });
});

describe('quantities', () => {
  it.each([
    ['2', 2],
    ['250m', 0.25],
    ['1.5', 1.5],
    ['512Mi', 536_870_912],
    ['8500Mi', 8_912_896_000],
    ['1k', 1_000],
    ['2e3', 2_000],
    ['1E', 1e18],
    ['0', 0],
  ])('%s', (text, value) => {
    expect(parseQuantity(text)).toBe(value);
  });

  it.each(['', '-1', '+1', '4GB', '1 Gi', 'Gi', '1e', '1e9999', '99E', '1.2.3', '0x10'])('%j is none', (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  });
});

describe('the nearest name', () => {
  it.each([
    ['soakSecs', 'soakSeconds'],
    ['soak', 'soakSeconds'],
    ['rampseconds', 'rampSeconds'],
    ['rmapSeconds', 'rampSeconds'],
    ['zebra', undefined],
    ['', undefined],
    ['x'.repeat(10_000), undefined],
  ])('to %s', (written, expected) => {
    expect(nearest(written, ['rampSeconds', 'soakSeconds'])).toBe(expected);
  });
});

describe('PromQL', () => {
  it.each([
    'up',
    'histogram_quantile(0.99, sum by (le) (rate(a_bucket{b="c"}[$window])))',
    'max_over_time(sum(belay_pods_bound{campaign="$campaign"})[15s:1s])',
    'sum(a) or 0 * sum(b)',
    'quantile_over_time(0.9, a[5m])',
    'sum(a) # the sum\n/ sum(b)',
  ])('%s', (query) => {
    expect(checkPromql(query)).toBeUndefined();
  });

  it.each([
    ['', 0],
    ['sum(foo', 7],
    ['foo bar', 4],
    ['foo{a=b}', 6],
    ['rate(foo)', 8],
    ['foo[5m]', 0],
    ['rate(foo[$winow])', 9],
    ['1 + histogram_quantle(0.9, foo)', 4],
    ['foo{a="b"', 9],
  ])('%j is wrong at %i', (query, offset) => {
    expect(checkPromql(query)?.offset).toBe(offset);
  });

  it('is answered whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => typeof checkPromql(text) !== 'number'),
    );
    expect(checkPromql(`${'a'.repeat(4_000)}!`)?.problem).toBeDefined();
    expect(checkPromql('('.repeat(4_000))?.problem).toBeDefined();
  });
});
