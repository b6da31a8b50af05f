import { describe, expect, it } from 'vitest';
import type { UnmeasuredReason } from '../../../src/core/gates/model.ts';
import { judgeGate } from '../../../src/core/gates/judge.ts';
import { countChecks, hasEnoughChecks, type CheckCounts } from '../../../src/core/verdict/check-counts.ts';
import { judgeWithChecks } from '../../../src/core/verdict/judge-with-checks.ts';
import type { StoredReading } from '../../../src/core/verdict/stored-reading.ts';
import { gateOf, resultOf } from '../../adapters/evidence/fixture.ts';

const gate = gateOf('bind', { failFast: true });
const SCHEDULE = { settleEndMs: 1_000_000, endMs: 1_055_000, intervalMs: 5_000 };

/** Signs for the ten checks of a soak: `m` measured, `.` not made, and reasons why a check had no value. */
const REASONS: Readonly<Record<string, UnmeasuredReason>> = {
  q: 'query-error',
  s: 'target-stale',
  f: 'too-few-samples',
  F: 'too-few-samples',
  n: 'no-events',
  x: 'no-series',
  e: 'empty',
  h: 'empty',
  u: 'no-series',
};
/** Of what counts events, in a target that was seen. */
const UNBORN = 'u';
/** The reason of a value that is known, and was within its bar only by what it left out. */
const KNOWN = 'h';
/** Of a window that is as long as it will be. */
const WHOLE = 'F';

function check(sign: string, atMs: number): readonly StoredReading[] {
  if (sign === '.') return [];
  const reason = REASONS[sign];
  const { reading } = resultOf(gate, reason === undefined ? 1 : null, atMs);
  const read = judgeGate(
    gate,
    reason === undefined
      ? reading
      : {
          ...reading,
          reason,
          windowStartMs: SCHEDULE.settleEndMs + (sign === WHOLE ? 1_000 : 0),
          ...(sign === KNOWN ? { estimate: 150 } : {}),
          ...(sign === UNBORN ? { unborn: true as const } : {}),
        },
  );
  return [{ stage: 'soak', execution: 1, moment: 'check', ...read }];
}

function checks(signs: string): readonly StoredReading[] {
  return signs
    .split('')
    .flatMap((sign, index) => check(sign, SCHEDULE.settleEndMs + (index + 1) * SCHEDULE.intervalMs + 3));
}

describe('the checks of a gate', () => {
  it.each<[string, string, CheckCounts, boolean]>([
    ['all measured', 'mmmmmmmmmm', { due: 10, measured: 10, unmeasured: 0, missed: 0 }, true],
    ['one missed scrape', 'mmmmqmmmmm', { due: 10, measured: 9, unmeasured: 1, missed: 0, cause: 'query-error' }, true],
    ['half measured', 'mmmmm.....', { due: 10, measured: 5, unmeasured: 0, missed: 5, cause: 'not made' }, true],
    ['fewer than half', 'mmmm......', { due: 10, measured: 4, unmeasured: 0, missed: 6, cause: 'not made' }, false],
    [
      'a Prometheus that answers one query of ten',
      'mqqqqqqqqq',
      { due: 10, measured: 1, unmeasured: 9, missed: 0, cause: 'query-error' },
      false,
    ],
    [
      'a frozen Prometheus that delays the checks',
      'mmmq..qs..',
      { due: 10, measured: 3, unmeasured: 3, missed: 4, cause: 'not made' },
      false,
    ],
    ['no events yet', 'nnnnnnnmmm', { due: 3, measured: 3, unmeasured: 0, missed: 0 }, true],
    [
      'a gauge that appears at the end',
      'eeeeeeemmm',
      { due: 10, measured: 3, unmeasured: 7, missed: 0, cause: 'empty' },
      false,
    ],
    [
      'a target that appears at the end',
      'xxxxxxxxxm',
      { due: 10, measured: 1, unmeasured: 9, missed: 0, cause: 'no-series' },
      false,
    ],
    [
      'a target that appears after the last check',
      'xxxxxxxxxx',
      { due: 10, measured: 0, unmeasured: 10, missed: 0, cause: 'no-series' },
      false,
    ],
    [
      'samples that are too few for a whole window',
      'ffFFFFFFmm',
      { due: 8, measured: 2, unmeasured: 6, missed: 0, cause: 'too-few-samples' },
      false,
    ],
    [
      'a series that is born with its first event',
      'xxnnmmmmmm',
      { due: 8, measured: 6, unmeasured: 2, missed: 0, cause: 'no-series' },
      true,
    ],
    ['a histogram that is born late', 'uuuuuuuumm', { due: 2, measured: 2, unmeasured: 0, missed: 0 }, true],
    [
      'a value that left out what missed the bar',
      'hhhhhhhmmm',
      { due: 10, measured: 3, unmeasured: 7, missed: 0, cause: 'empty' },
      false,
    ],
    ['a window that has only begun', 'ffnnmmmmmm', { due: 6, measured: 6, unmeasured: 0, missed: 0 }, true],
    [
      'no events after there were some',
      'fmmmnnnnnn',
      { due: 9, measured: 3, unmeasured: 6, missed: 0, cause: 'no-events' },
      false,
    ],
    ['series that vanish', 'nmmmxxxxxx', { due: 9, measured: 3, unmeasured: 6, missed: 0, cause: 'no-series' }, false],
    ['no event at all', 'nnnnnnnnnn', { due: 0, measured: 0, unmeasured: 0, missed: 0 }, true],
    [
      'no worker, before the first value',
      '......mmmm',
      { due: 10, measured: 4, unmeasured: 0, missed: 6, cause: 'not made' },
      false,
    ],
    ['none', '..........', { due: 10, measured: 0, unmeasured: 0, missed: 10, cause: 'not made' }, false],
  ])('with %s', (_, signs, counts, isEnough) => {
    expect(countChecks('bind', checks(signs), SCHEDULE)).toEqual(counts);
    expect(hasEnoughChecks(counts)).toBe(isEnough);
  });

  it('count once when two attempts made the same one, as measured if one of them measured', () => {
    const twice = [...checks('qqqqqqqqqq'), ...checks('mmmmmmmmmm'), ...checks('qqqqqqqqqq')];
    expect(countChecks('bind', twice, SCHEDULE)).toMatchObject({ due: 10, measured: 10 });
  });

  it('are not the readings of the end, of other gates, or after the soak', () => {
    const [made] = check('m', SCHEDULE.settleEndMs + 5_000);
    const end = { ...made, moment: 'end' } as StoredReading;
    const other = { ...made, gate: 'other' } as StoredReading;
    const late = check('m', SCHEDULE.endMs);
    expect(countChecks('bind', [end, other, ...late], SCHEDULE)).toMatchObject({ measured: 0, missed: 10 });
  });

  it('are recognised in files without marks', () => {
    const marked = checks('mmmmmmmmmm');
    const unmarked = marked.map(({ stage, execution, reading }): StoredReading => ({
      stage,
      execution,
      ...judgeGate(gate, reading),
    }));
    expect(countChecks('bind', unmarked, SCHEDULE)).toMatchObject({ due: 10, measured: 10 });
  });
});

function judged(counts: CheckCounts, value: number | null, of = gate): ReturnType<typeof judgeWithChecks> {
  return judgeWithChecks(of, resultOf(of, value).reading, { stage: 'soak', execution: 2, checks: counts });
}

describe('a gate judged with its checks', () => {
  const few = { due: 10, measured: 4, unmeasured: 1, missed: 5, cause: 'not made' };
  const many = { due: 10, measured: 6, unmeasured: 0, missed: 4, cause: 'not made' };

  it('is unmeasured with the numbers and the most frequent cause when too few were measured', () => {
    const result = judged(few, 1);
    expect(result).toMatchObject({ verdict: 'unmeasured', counts: true, stage: 'soak', execution: 2, checks: few });
    expect(result.reading).toMatchObject({ value: null, quality: 'unmeasured', reason: 'checks-missed' });
    expect(result.message).toBe(
      'bind is unmeasured (checks-missed): 4 of 10 due checks in the soak measured (1 unmeasured, 5 not made, most often: not made); read at the end: 1 s',
    );
  });

  it('is judged again by another bar on what was read', () => {
    const { reading } = judged(few, 1);
    const stricter = gateOf('bind', { failFast: true, bar: { max: 0.5 } });
    expect(judgeWithChecks(stricter, reading, { checks: few })).toMatchObject({
      verdict: 'fail',
      reading: { value: 1 },
    });
    expect(judgeWithChecks(gate, reading, { checks: few })).toEqual({
      ...judged(few, 1),
      stage: undefined,
      execution: undefined,
    });
    expect(judgeWithChecks(gate, reading, {})).toMatchObject({ verdict: 'unmeasured' });
  });

  it('passes when enough were measured, with the missed ones on record', () => {
    expect(judged(many, 1)).toMatchObject({ verdict: 'pass', reading: { value: 1 }, checks: many });
  });

  it('fails beyond its bar, however few were measured', () => {
    expect(judged(few, 3)).toMatchObject({ verdict: 'fail', reading: { value: 3 } });
  });

  it('keeps the reason of a reading that is unmeasured itself', () => {
    expect(judged(few, null).reading).toMatchObject({ reason: 'no-series' });
  });

  it('does not count where the gate allows that it is unmeasured, and changes nothing that only informs', () => {
    expect(judged(few, 1, gateOf('bind', { unmeasured: 'allow' }))).toMatchObject({
      verdict: 'unmeasured',
      counts: false,
    });
    expect(judged(few, 1, gateOf('bind', { barKind: 'informational' }))).toMatchObject({ verdict: 'pass' });
  });
});
