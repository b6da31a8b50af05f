import { describe, expect, test } from 'vitest';
import { climbDetails, endOfClimb, tightestGate, type RungLine } from '../../../src/core/campaign/climb.ts';
import type { RungEnd } from '../../../src/core/campaign/rung-end.ts';
import { exitCodeOf } from '../../../src/core/verdict/exit-codes.ts';
import type { GateLine } from '../../../src/core/campaign/stage-io.ts';

function aRung(end: RungEnd, change: Partial<RungLine> = {}): RungLine {
  return {
    rung: `1-${end}`,
    profile: 'dev-50',
    substrate: 'laptop',
    workflowId: 'nightly.1-dev-50',
    end,
    reason: '',
    tightest: '',
    durationMs: 0,
    ...change,
  };
}

function aGate(gate: string, headroom: number | null, informational = false): GateLine {
  return { gate, headroom, informational, verdict: 'pass', value: 1, unit: 's', message: '' };
}

describe('the end of a climb', () => {
  test.for<[readonly RungEnd[], RungEnd, number]>([
    [['pass', 'pass', 'pass'], 'pass', 0],
    [['pass', 'fail', 'not-started'], 'fail', 1],
    [['unmeasured', 'not-started'], 'unmeasured', 2],
    [['pass', 'aborted', 'not-started'], 'aborted', 3],
    [['pass', 'harness-fault'], 'harness-fault', 4],
    [['pass', 'running', 'not-started'], 'running', 2],
    [[], 'pass', 0],
  ])('of %j is %s, exit code %i', ([ends, end, code]) => {
    expect(endOfClimb(ends.map((each) => aRung(each)))).toBe(end);
    expect(exitCodeOf(end)).toBe(code);
  });
});

describe('the tightest gate', () => {
  test.for<[readonly GateLine[], string]>([
    [[], ''],
    [[aGate('a', 0.82), aGate('b', 0.1), aGate('c', 0.5)], 'b: 10 % headroom'],
    [[aGate('a', 0.2), aGate('b', -0.8)], 'b: -80 % headroom'],
    [[aGate('a', 0.82), aGate('b', 0.1, true)], 'a: 82 % headroom'],
    [[aGate('a', null)], ''],
  ])('of %j is %j', ([gates, said]) => {
    expect(tightestGate(gates)).toBe(said);
  });

  test('is found without changing the order of what it is given', () => {
    const gates = [aGate('a', 0.82), aGate('b', 0.1)];
    tightestGate(gates);
    expect(gates.map(({ gate }) => gate)).toEqual(['a', 'b']);
  });
});

describe('the details of a climb', () => {
  test('while it climbs have a line a rung', () => {
    const details = climbDetails('nightly', [
      aRung('pass', { durationMs: 132_400, tightest: 'p99: 82 % headroom' }),
      aRung('running'),
      aRung('not-started'),
    ]);
    expect(details).toMatch(/^## Ladder nightly: climbing\n/);
    expect(details.replaceAll('\u00A0', ' ')).toContain(
      '| 1-pass | dev-50 | laptop | pass | 132 s | p99: 82 % headroom | `nightly.1-dev-50` |',
    );
    expect(details).toContain('| 1-not-started | dev-50 | laptop | **not-started** |  |  |');
    expect(details).not.toContain('Stopped at');
  });

  test('list what changed over the nights, rung by rung', () => {
    const details = climbDetails('nightly', [aRung('pass', { changes: ['podBindP99: step: worse by 27 %'] })]);
    expect(details).toMatch(/### Changed over the latest comparable runs\n\n- .*: podBindP99: step: worse by 27 %/);
    expect(climbDetails('nightly', [aRung('pass')])).not.toContain('Changed');
  });

  test('show the second run of a rung, and what it settled', () => {
    const workflowId = 'nightly.1-dev-50-again';
    const outcomes = [{ metric: 'p99', outcome: 'withdrawn', text: 'p99: step withdrawn, a single outlier' }] as const;
    const again = { workflowId, end: 'pass', durationMs: 61_000, outcomes } as const;
    const details = climbDetails('nightly', [aRung('pass', { again })], 'team').replaceAll('\u00A0', ' ');
    expect(details).toContain(
      '| 1-pass, again | dev-50 | laptop | pass | 61 s |  | [nightly.1-dev-50-again](/namespaces/team/workflows/nightly.1-dev-50-again) |',
    );
    expect(details).toMatch(/### Run again\n\n- 1-pass: \*\*withdrawn\*\*: p99: step withdrawn, a single outlier/);
    expect(climbDetails('nightly', [aRung('pass')])).not.toMatch(/again/i);
  });

  test('link to the pages of the rungs that have one', () => {
    const details = climbDetails('nightly', [aRung('fail'), aRung('not-started')], 'my team');
    const [failed, notStarted] = details.split('\n').filter((line) => line.includes('nightly.1-dev-50'));
    expect(failed).toContain('[nightly.1-dev-50](/namespaces/my%20team/workflows/nightly.1-dev-50)');
    expect(notStarted).not.toContain('/namespaces/');
  });

  test('say where it stopped, and why', () => {
    const details = climbDetails('nightly', [
      aRung('pass'),
      aRung('fail', { reason: 'p99 9 s > 5 s' }),
      aRung('not-started'),
    ]);
    expect(details).toMatch(/^## Ladder nightly: fail\n\nStopped at \*\*1-fail\*\* \(fail\): p99 9 s > 5 s\n/);
  });

  test('keep their table whatever a reason or a gate is called', () => {
    const details = climbDetails('nightly', [
      aRung('fail', { tightest: 'a|b: 1 % headroom', reason: 'two\nlines | bar' }),
    ]);
    const row = details.split('\n').find((line) => line.startsWith('| 1-fail'));
    expect(row?.replaceAll('\\|', '').split('|')).toHaveLength(9);
  });
});
