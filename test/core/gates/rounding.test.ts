import { describe, expect, it } from 'vitest';
import { tooFewEvents } from '../../../src/core/gates/enough-events.ts';
import { judgeGate } from '../../../src/core/gates/judge.ts';
import { applyRests } from '../../../src/core/gates/rests.ts';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import type { GatePatch } from '../../../src/core/model/gate-patch.ts';
import { gateOf, resultOf } from '../../adapters/evidence/fixture.ts';
import { judgedOn, type Written } from './histories/written.ts';

/** 0.30000000000000004, in doubles. */
const SUM = 0.1 + 0.2;
const PARTS: Written = { 'x{s="a"}': '0.1x40', 'x{s="b"}': '0.2x40' };
const shares = (counts: readonly number[]): Written =>
  Object.fromEntries(
    ['0.05', '0.07', '0.1', '1', '+Inf'].map((le, index) => [`fill_bucket{le="${le}"}`, `0+${counts[index]}x40`]),
  );
const P90 = { query: 'histogram_quantile(0.9, sum by (le) (rate(fill_bucket[$window]))) * 100', unit: '%' };

describe('a value that differs from its bar by rounding only', () => {
  it.each<[string, Written, GatePatch, string]>([
    ['a sum', PARTS, { query: 'sum(x)', max: 0.3 }, 'pass'],
    ['a sum that is a little too much', PARTS, { query: 'sum(x)', max: 0.299_999_999 }, 'fail'],
    ['a ratio', PARTS, { ratio: { numerator: 'sum(x)', denominator: 'count(x)' }, max: 0.15 }, 'pass'],
    ['a sum of what a comparison leaves', PARTS, { query: 'sum(x < 100)', max: 0.3 }, 'pass'],
    [
      'a growth',
      { a_total: '0+0.1x40', b_total: '0+0.2x40' },
      { delta: { counter: 'sum(a_total) + sum(b_total)' }, max: 3 },
      'pass',
    ],
    ['the upper bound of a bucket, in percent', shares([0, 9, 9, 9, 9]), { ...P90, max: 7 }, 'pass'],
    ['the lower bound of a bucket, in percent', shares([0, 0, 9, 9, 9]), { ...P90, max: 7 }, 'fail'],
  ])('is on it: %s', (_, series, gate, verdict) => {
    const result = judgedOn(series, gate);
    expect(result.message).not.toContain('unmeasured');
    expect(result.verdict).toBe(verdict);
  });

  it('is within it for the gates that rest on it', () => {
    const shown = gateOf('shown', { bar: { max: 0.3 }, barKind: 'informational' });
    const gates = [shown, gateOf('rests', { restsOn: ['shown'] })];
    const verdicts = (value: number): readonly string[] =>
      applyRests(gates, [resultOf(shown, value), resultOf(gates[1] ?? shown, 1)]).map(({ verdict }) => verdict);
    expect(verdicts(SUM)).toEqual(['pass', 'pass']);
    expect(verdicts(0.31)).toEqual(['pass', 'unmeasured']);
  });

  it('is no failure that a host without CPU would explain', () => {
    const gate = gateOf('time', { bar: { max: 0.3 }, unit: 's' });
    const reading = { ...resultOf(gate, SUM).reading, hostBusy: 0.5 };
    expect(judgeGate(gate, reading).verdict).toBe('pass');
    expect(judgeGate(gate, { ...reading, withCpu: 0.1 }).verdict).toBe('pass');
    expect(judgeGate(gate, { ...reading, value: 9, withCpu: SUM }).verdict).toBe('unmeasured');
  });

  it('is as many events as are asked for', () => {
    expect(tooFewEvents({ minEvents: 3 }, 2.999_999_999_999_999_6, 'x')).toBeUndefined();
    expect(tooFewEvents({ minEvents: 3 }, 2.99, 'x')).toMatchObject({ reason: 'too-few-events' });
  });

  it('does not make a bar of one that nothing can miss', () => {
    const gates = { limited: { query: 'max(clamp_max(x, 0.1 + 0.2))', max: 0.3 } };
    expect(() => resolveGates({}, gates, { machines: 1, pods: 1, clusters: 1 })).toThrow(/never misses this bar/);
  });
});
