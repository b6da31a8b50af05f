import { describe, expect, it } from 'vitest';
import { judgeGate } from '../../../src/core/gates/judge.ts';
import type { GateDefinition, Reading } from '../../../src/core/gates/model.ts';
import { gateOf } from '../../adapters/evidence/fixture.ts';

function readingOf(value: number, hostBusy?: number): Reading {
  const base = {
    gate: 'g',
    value,
    quality: 'measured',
    samples: 9,
    windowStartMs: 0,
    windowEndMs: 1,
    atMs: 1,
  } as const;
  return hostBusy === undefined ? base : { ...base, hostBusy };
}

describe('a gate on a host without CPU', () => {
  it.each<[string, Partial<GateDefinition>, number, number | undefined, string]>([
    ['a time within its bar', {}, 1, 0.5, 'pass'],
    ['a time beyond its bar', {}, 3, 0.5, 'unmeasured'],
    ['a time beyond its bar, host busy for less than the limit', {}, 3, 0.1, 'fail'],
    ['a time beyond its bar, host not known', {}, 3, undefined, 'fail'],
    ['a time that is below its lower bar', { bar: { min: 4 } }, 3, 0.5, 'fail'],
    ['a rate that is too low', { unit: 'Pods/s', bar: { min: 4 } }, 3, 0.5, 'unmeasured'],
    ['a rate of errors that is too high', { unit: '1/s' }, 3, 0.5, 'fail'],
    ['a count beyond its bar', { unit: 'Pods' }, 3, 0.5, 'fail'],
    ['a ratio below its bar', { unit: 'ratio', bar: { min: 0.99 } }, 0.9, 1, 'fail'],
    ['a time that is shown only', { barKind: 'informational' }, 3, 1, 'pass'],
    ['a good time, quiet host required', { quietHost: true }, 1, 0.5, 'unmeasured'],
    ['a count beyond its bar, quiet host required', { quietHost: true, unit: 'Pods' }, 3, 0.5, 'unmeasured'],
    ['a good time, quiet host required and there', { quietHost: true }, 1, 0.1, 'pass'],
    ['a bad time, quiet host required and there', { quietHost: true }, 3, 0, 'fail'],
    ['a good time, quiet host required and not known', { quietHost: true }, 1, undefined, 'unmeasured'],
    ['a time that is shown only, quiet host required', { quietHost: true, barKind: 'informational' }, 1, 1, 'pass'],
  ])('%s', (_, change, value, hostBusy, verdict) => {
    const gate = gateOf('g', change);
    const result = judgeGate(gate, readingOf(value, hostBusy));
    expect(result.verdict).toBe(verdict);
    expect(result.reading.reason).toBe(verdict === 'unmeasured' ? 'host-saturated' : undefined);
    expect(judgeGate(gate, result.reading)).toEqual(result);
  });

  it.each<[string, Partial<GateDefinition>, number, Partial<Reading>, string]>([
    ['within its bar', {}, 1, { withCpu: 0.5, hostBusy: 1 }, 'pass'],
    ['beyond its bar, with CPU for as long', {}, 9, { withCpu: 2, hostBusy: 1 }, 'unmeasured'],
    ['beyond its bar, with CPU for longer', {}, 9, { withCpu: 2.1, hostBusy: 1 }, 'fail'],
    ['beyond its bar, in the one busy time of a long window', {}, 9, { withCpu: 1, hostBusy: 0.01 }, 'unmeasured'],
    ['beyond its bar, host busy before that', {}, 9, { withCpu: 9, hostBusy: 0.5 }, 'fail'],
    ['beyond its bar, host not known', {}, 9, {}, 'fail'],
    ['beyond its bar, of a summary without the time with CPU', {}, 9, { hostBusy: 1 }, 'unmeasured'],
    ['below its lower bar', { bar: { min: 4 } }, 3, { withCpu: 1, hostBusy: 1 }, 'fail'],
    ['beyond its bar, quiet host required', { quietHost: true }, 9, { withCpu: 9, hostBusy: 0.5 }, 'unmeasured'],
    ['that is shown only', { barKind: 'informational' }, 9, { withCpu: 1, hostBusy: 1 }, 'pass'],
  ])('has an age %s', (_, change, value, host, verdict) => {
    const gate = gateOf('g', change);
    const result = judgeGate(gate, { ...readingOf(value), ...host });
    expect(result.verdict).toBe(verdict);
    expect(result.reading.reason).toBe(verdict === 'unmeasured' ? 'host-saturated' : undefined);
    expect(judgeGate(gate, result.reading)).toEqual(result);
  });

  it('says how busy the host was, and the value', () => {
    expect(judgeGate(gateOf('g'), readingOf(3, 0.34)).message).toBe(
      'g is unmeasured (host-saturated): the host had no CPU left for 34 % of the window; the value is 3 s, the bar is at most 2 s',
    );
  });

  it('is measured again by another bar, or where no quiet host is required', () => {
    const busy = judgeGate(gateOf('g', { quietHost: true }), readingOf(3, 0.5)).reading;
    expect(judgeGate(gateOf('g', { bar: { max: 4 } }), busy)).toMatchObject({ verdict: 'pass', reading: { value: 3 } });
    expect(judgeGate(gateOf('g'), busy).reading.reason).toBe('host-saturated');
  });

  it('keeps why a value is not exact, however often it is judged', () => {
    const bounded: Reading = { ...readingOf(6, 0.5), low: 4, high: 8, detail: 'known to its bucket' };
    const between = gateOf('g', { bar: { max: 7 } });
    const first = judgeGate(between, bounded);
    expect(first.reading).toMatchObject({ reason: 'bar-in-bounds', because: 'known to its bucket' });
    expect(judgeGate(between, first.reading)).toEqual(first);
    expect(judgeGate(gateOf('g', { bar: { max: 9 } }), first.reading).reading).toEqual(bounded);
  });
});
