import { describe, expect, it } from 'vitest';
import type { GateResult } from '../../../src/core/gates/model.ts';
import { applyRests, withRests } from '../../../src/core/gates/rests.ts';
import { gateOf, resultOf } from '../../adapters/evidence/fixture.ts';

const observed = gateOf('observed', { bar: { min: 1 }, barKind: 'informational' });
const share = gateOf('share', { restsOn: ['observed'] });
const latency = gateOf('latency', { restsOn: ['share'] });
const other = gateOf('other');
const gates = [observed, share, latency, other];

function reasons(observedShare: number | null): readonly (string | undefined)[] {
  const results: readonly GateResult[] = [
    resultOf(observed, observedShare),
    resultOf(share, 1),
    resultOf(latency, 1),
    resultOf(other, 1),
  ];
  return applyRests(gates, results).map(({ reading }) => reading.reason);
}

describe('a latency over Pods', () => {
  it('of which all were observed is measured', () => {
    expect(reasons(1)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('of which some were not observed is not, nor what rests on it in turn', () => {
    expect(reasons(0.5)).toEqual([undefined, 'rests-on', 'rests-on', undefined]);
  });

  it('of which it is not known how many were observed is not', () => {
    expect(reasons(null).slice(1)).toEqual(['rests-on', 'rests-on', undefined]);
  });

  it('is read together with what it rests on, also through others', () => {
    expect(withRests(gates, [latency]).map(({ name }) => name)).toEqual(['observed', 'share', 'latency']);
  });

  it('may rest on a gate that rests on it', () => {
    const circle = [gateOf('a', { restsOn: ['b'] }), gateOf('b', { restsOn: ['a'] })];
    const results = circle.map((gate) => resultOf(gate, 1));
    expect(applyRests(circle, results)).toEqual(results);
  });

  it('may be one of many gates that all rest on each other', () => {
    const names = Array.from({ length: 25 }, (_, index) => `g${index}`);
    const knot = names.map((name) => gateOf(name, { restsOn: names.filter((other) => other !== name) }));
    const results = knot.map((gate, index) => resultOf(gate, index === 24 ? null : 1));
    expect(new Set(applyRests(knot, results).map(({ reading }) => reading.value))).toEqual(new Set([null]));
  });
});
