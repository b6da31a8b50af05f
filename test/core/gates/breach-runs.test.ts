import { describe, expect, it } from 'vitest';
import { BreachRuns } from '../../../src/core/gates/breach-runs.ts';
import { withUnreportedBreach } from '../../../src/core/verdict/unreported-breach.ts';
import { brokenReadings } from '../../../src/core/verdict/broken-readings.ts';
import { finalGates } from '../../../src/core/verdict/final-readings.ts';
import type { StoredReading } from '../../../src/core/verdict/stored-reading.ts';
import { gateSentence } from '../../../src/core/verdict/wording.ts';
import { gateOf, resultOf } from '../../adapters/evidence/fixture.ts';

const plain = gateOf('plain', { failFast: true });
const patient = gateOf('patient', { failFast: true, forReadings: 3 });

/** The readings of a soak: `x` beyond the bar, `o` within it, `u` unmeasured; the last one after `|` is the one of its end. */
function readings(gate: typeof plain, signs: string, execution = 1): readonly StoredReading[] {
  return signs
    .replace('|', '')
    .split('')
    .map((sign, index, { length }) => ({
      stage: 'soak',
      execution,
      moment: signs.includes('|') && index === length - 1 ? 'end' : 'check',
      ...resultOf(gate, sign === 'u' ? null : sign === 'x' ? 5 : 1, 1_000_000 + index * 5_000),
    }));
}

/** The number of the reading that ends the soak, from 1; 0 = none. */
function endsAt(gate: typeof plain, signs: string): number {
  const runs = new BreachRuns([gate]);
  return readings(gate, signs).findIndex((one) => runs.add(one) !== undefined) + 1;
}

/** The numbers of the readings that broke the patient gate. */
function brokenAt(signs: string): readonly number[] {
  return brokenReadings([patient], readings(patient, signs)).map(
    ({ reading }) => (reading.atMs - 1_000_000) / 5_000 + 1,
  );
}

describe('a gate without `for`', () => {
  it.each<[string, number]>([
    ['oox', 3],
    ['x', 1],
    ['uux', 3],
    ['ooo', 0],
    ['uuu', 0],
  ])('%s ends the soak at reading %d', (signs, number) => {
    expect(endsAt(plain, signs)).toBe(number);
  });
});

describe('a gate with `for: 3`', () => {
  it.each<[string, number]>([
    ['xxx', 3],
    ['oxoxxoxxx', 9],
    ['xxoxxoxx', 0],
    // What could not be measured neither counts nor ends a row.
    ['xuxux', 5],
    ['xxuuuuux', 8],
    ['uuxuu', 0],
    ['xuoxx', 0],
    ['x', 0],
  ])('%s ends the soak at reading %d', (signs, number) => {
    expect(endsAt(patient, signs)).toBe(number);
  });

  it('says how many readings it took', () => {
    const runs = new BreachRuns([patient]);
    const [, , last] = readings(patient, 'xxx').map((one) => runs.add(one));
    expect(last?.message).toMatch(/^patient = 5 s, .* over .*, 3 readings in a row$/);
  });

  it('counts each gate for itself, and none that is only shown', () => {
    const runs = new BreachRuns([patient, plain, gateOf('shown', { failFast: true, barKind: 'informational' })]);
    const [one] = readings(patient, 'x');
    const [other] = readings(gateOf('other'), 'x');
    const [shown] = readings(gateOf('shown'), 'x');
    expect([one, other, shown, one].map((each) => each !== undefined && runs.add(each))).toEqual(
      Array.from({ length: 4 }, () => undefined),
    );
  });
});

describe('the record of a gate with `for: 3`', () => {
  it.each<[string, readonly number[]]>([
    ['oxoxxo|o', []],
    ['oxxx|o', [4]],
    // The reading at the end is judged alone.
    ['ooo|x', [4]],
    ['oxo|x', [4]],
  ])('%s has the breaches %j', (signs, numbers) => {
    expect(brokenAt(signs)).toEqual(numbers);
  });

  it('does not carry a row from one execution into the next', () => {
    expect(brokenReadings([patient], [...readings(patient, 'xx'), ...readings(patient, 'xoo', 2)])).toEqual([]);
  });

  it('has a breach that no attempt lived to report, and none of fewer readings', () => {
    const state = { outcomes: [{ stage: 'soak', execution: 1, outcome: 'succeeded' }], decisions: [] };
    const read = (signs: string): unknown =>
      withUnreportedBreach(state as never, [patient], readings(patient, signs), [resultOf(patient, 1)]).outcomes[0]
        ?.breachRead;
    expect(read('oxxo')).toBeUndefined();
    expect(read('oxxxo')).toMatch(/3 readings in a row/);
  });

  it('shows the checks that were beyond the bar, though they ended nothing', () => {
    const schedule = { settleEndMs: 995_000, endMs: 1_030_000, intervalMs: 5_000 };
    const [judged] = finalGates([patient], readings(patient, 'oxoxxo|o'), { execution: 1, schedule }, 0);
    expect(judged).toMatchObject({ verdict: 'pass', checks: { beyond: 3 } });
    expect(judged && gateSentence(judged)).toMatch(/beyond the bar at 3 checks of the soak/);
    const [plainly] = finalGates([plain], readings(plain, 'oo|o'), { execution: 1, schedule }, 0);
    expect(plainly?.checks).not.toHaveProperty('beyond');
  });
});
