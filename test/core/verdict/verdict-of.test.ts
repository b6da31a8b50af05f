import { describe, expect, it } from 'vitest';
import { judgeGate } from '../../../src/core/gates/judge.ts';
import type { GateResult, Verdict } from '../../../src/core/gates/model.ts';
import { NO_FLOOR } from '../../../src/core/verdict/floor.ts';
import type { HostRecord } from '../../../src/core/verdict/summary-model.ts';
import { verdictOf, type VerdictInput } from '../../../src/core/verdict/verdict-of.ts';
import { NOTHING_MEASURED } from '../../../src/core/verdict/wording.ts';
import { gateOf, resultOf } from '../../adapters/evidence/fixture.ts';

const gate = gateOf('bind');
const optional = gateOf('optional', { unmeasured: 'allow' });
const shown = gateOf('shown', { barKind: 'informational', bar: {} });
const noTime = {
  action: 'fail-node',
  atSeconds: 10,
  fireError: 'the soak ended before it',
  assertError: '',
  asserted: false,
  notInTime: true,
} as const;
const noEffect = { action: 'fail-node', atSeconds: 10, fireError: '', assertError: 'Node stayed', asserted: false };

function verdict(change: Partial<VerdictInput>): ReturnType<typeof verdictOf> {
  return verdictOf({ results: [resultOf(gate, 1)], floor: NO_FLOOR, actions: [], ...change });
}

function hostOf(busyShare: number): HostRecord {
  const spread = { median: 1, p90: 1 };
  const record = { cpuUsedShare: spread, memoryAvailableMinBytes: 1, busyShare, longestSaturatedSeconds: 30 };
  return { cores: 2, memoryBytes: 8, stages: [{ stage: 'ramp', execution: 1, ...record }] };
}

describe('the verdict', () => {
  it.each<[string, readonly GateResult[], Verdict]>([
    ['one gate that passes', [resultOf(gate, 1)], 'pass'],
    ['an unmeasured gate', [resultOf(gate, 1), resultOf(gateOf('other'), null)], 'unmeasured'],
    ['a gate over its bar', [resultOf(gate, null), resultOf(gateOf('other'), 3)], 'fail'],
    ['an unmeasured gate that allows it, beside a measured one', [resultOf(gate, 1), resultOf(optional, null)], 'pass'],
    ['a gate that may be unmeasured and is over its bar', [resultOf(optional, 3)], 'fail'],
    ['an informational gate beside a measured one', [resultOf(gate, 1), resultOf(shown, 99)], 'pass'],
    ['no gate', [], 'unmeasured'],
    ['informational gates only', [resultOf(shown, 1)], 'unmeasured'],
    ['gates that all allow unmeasured, none measured', [resultOf(optional, null)], 'unmeasured'],
  ])('of %s', (_, results, expected) => {
    expect(verdict({ results }).verdict).toBe(expected);
  });

  it.each<[string, { operations: number; late: number }, number, Verdict]>([
    ['no operations', { operations: 0, late: 0 }, 1, 'pass'],
    ['five of a hundred late', { operations: 100, late: 5 }, 1, 'pass'],
    ['six of a hundred late', { operations: 100, late: 6 }, 1, 'unmeasured'],
    ['all late, and a gate over its bar', { operations: 100, late: 100 }, 3, 'fail'],
  ])('of a soak with %s', (_, counts, value, expected) => {
    const lateness = { ...counts, worstMs: 14_200 };
    const { verdict: found, reasons } = verdict({ results: [resultOf(gate, value)], lateness });
    expect(found).toBe(expected);
    const isSaid = counts.late > 5;
    expect(reasons[0]?.startsWith('the harness was late') ?? false).toBe(isSaid);
    if (counts.late === 6) {
      expect(reasons).toEqual([
        'the harness was late: 6 of 100 operations of the soak (6 %) were sent more than 2 s after their moment, the latest 14 s; the load was not the one that was asked for',
      ]);
    }
  });

  const busy = (hostBusy: number, value = 1): GateResult =>
    judgeGate(gate, { ...resultOf(gate, value).reading, hostBusy });
  const late = { operations: 100, late: 6, worstMs: 3_000 };

  it.each<[string, Partial<VerdictInput>, Verdict, readonly string[]]>([
    [
      'good readings',
      { results: [busy(0.34)] },
      'pass',
      ['the host had no CPU left for up to 34 % of the window of 1'],
    ],
    ['good readings on a quiet host', { results: [busy(0.1)] }, 'pass', []],
    [
      'a time beyond its bar, late load',
      { results: [busy(0.34, 3), resultOf(gateOf('b'), 1)], lateness: late },
      'unmeasured',
      [
        'the host had no CPU left for up to 34 % of the window of 1 of 2 gates',
        'the harness was late',
        'bind is unmeas',
      ],
    ],
    [
      'readings that are shown only',
      { results: [{ ...busy(1), counts: false }, resultOf(gateOf('b'), 1)] },
      'pass',
      [],
    ],
    [
      'a ramp that failed',
      { floor: { verdict: 'fail', reasons: ['stage ramp failed'] }, host: hostOf(0.8) },
      'fail',
      ['the host had no CPU left for 80 % of ramp, execution 1 (longest 30 s)', 'stage ramp failed'],
    ],
    ['a ramp that passed', { host: hostOf(0.8) }, 'pass', []],
    [
      'a ramp that failed on a quiet host',
      { floor: { verdict: 'fail', reasons: ['stage ramp failed'] }, host: hostOf(0.05) },
      'fail',
      ['stage ramp failed'],
    ],
  ])('of a host without CPU: %s', (_, change, expected, beginnings) => {
    const { verdict: found, reasons } = verdict(change);
    expect(found).toBe(expected);
    expect(reasons.map((reason, index) => reason.slice(0, beginnings[index]?.length ?? 0))).toEqual(beginnings);
  });

  it('says that nothing was measured only where no gate says so itself', () => {
    expect(verdict({ results: [] }).reasons).toEqual([NOTHING_MEASURED]);
    expect(verdict({ results: [resultOf(gate, null)] }).reasons).toEqual([
      judgeGate(gate, resultOf(gate, null).reading).message,
    ]);
  });

  it('is unmeasured, not failed, by an action that Belay was too late for', () => {
    const { verdict: found, reasons } = verdict({ actions: [noTime] });
    expect(found).toBe('unmeasured');
    expect(reasons).toEqual(['action fail-node at 10 s was not done: the soak ended before it']);
    expect(verdict({ actions: [noTime, noEffect] }).verdict).toBe('fail');
  });

  it('is lowered by the floor and by actions without effect, which are named in order', () => {
    const floor = { verdict: 'unmeasured' as const, reasons: ['evidence is missing: logs'] };
    const results = [resultOf(gate, null), resultOf(gateOf('other'), 3)];
    expect(verdict({ floor }).verdict).toBe('unmeasured');
    expect(verdict({ actions: [noEffect] }).verdict).toBe('fail');
    expect(verdict({ results, floor, actions: [noEffect] }).reasons.map((reason) => reason.slice(0, 20))).toEqual([
      'other = 3 s, 1 s (50',
      'action fail-node at ',
      'evidence is missing:',
      'bind is unmeasured (',
    ]);
  });
});
