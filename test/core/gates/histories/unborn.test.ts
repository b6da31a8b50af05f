import { describe, expect, it } from 'vitest';
import type { GatePatch } from '../../../../src/core/model/gate-patch.ts';
import { judgedOn, type Written } from './written.ts';

/** Ten events from a moment on, in a histogram that is born with the first of them. */
const bornAfter = (seconds: number): Written => ({
  x: '1x40',
  'h_bucket{le="1"}': `_x${seconds} 0+1x${40 - seconds}`,
  'h_bucket{le="+Inf"}': `_x${seconds} 0+1x${40 - seconds}`,
});
const quantile = (histogram: string): GatePatch => ({ quantile: { of: 0.9, histogram }, job: 'j' });

describe('what counts events and is not born yet', () => {
  it.each<[string, Written, GatePatch, true | undefined]>([
    ['is observed in a target that is up', { x: '1x40' }, quantile('h_bucket'), true],
    [
      'in a share too',
      { x: '1x40' },
      { share: { counter: 'e_total{kind="bad"}', of: 'e_total' }, job: 'j', max: 0.5 },
      true,
    ],
    [
      'also where the share has a value without its counter',
      { x: '1x40' },
      { share: { counter: 'e_total{kind="bad"}', of: 'e_total' }, job: 'j', max: 0.5, absentIs: 0 },
      true,
    ],
    [
      'a ratio of gauges is not',
      { x: '1x40' },
      { ratio: { numerator: 'sum(a)', denominator: 'sum(b)' }, job: 'j' },
      undefined,
    ],
    ['a gauge is not', { x: '1x40' }, { query: 'max(y)', job: 'j' }, undefined],
    ['nor is a target that is not known', { x: '1x40' }, { quantile: { of: 0.9, histogram: 'h_bucket' } }, undefined],
    ['nor one that came late', { up: '_x20 1x20', x: '_x20 1x20' }, quantile('h_bucket'), undefined],
    ['nor one that was down', { up: '1x15 0x25', x: '1x15 X' }, quantile('h_bucket'), undefined],
    [
      'a histogram that vanished is not',
      { ...bornAfter(0), 'h_bucket{le="1"}': '5x12 X' },
      quantile('h_bucket'),
      undefined,
    ],
  ])('%s', (_, series, patch, expected) => {
    const { reading } = judgedOn(series, patch);
    expect(reading.quality, reading.detail).toBe('unmeasured');
    expect(reading.unborn).toBe(expected);
  });
});
