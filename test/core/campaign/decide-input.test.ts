import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refuseChanges } from '../../../src/core/campaign/changes.ts';
import { parseDecideInput } from '../../../src/core/campaign/decide-input.ts';

const load = { soakSeconds: 10, settleSeconds: 0, events: [] };
const GOOD = { stage: 'soak', execution: 1, decision: 'retry', reason: 'new build' };

/** A value that is wrapped a hundred thousand times. */
function deep(wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) value = wrap(value);
  return value;
}

describe('the input of decide', () => {
  test.for<[string, unknown, unknown]>([
    ['unchanged', GOOD, GOOD],
    [
      'without a reason',
      { stage: 'seed', execution: 2, decision: 'abort' },
      { stage: 'seed', execution: 2, decision: 'abort', reason: '' },
    ],
    ['with changes', { ...GOOD, set: { 'gates.p99.max': 3 } }, { ...GOOD, set: { 'gates.p99.max': 3 } }],
    ['with the longest reason', { ...GOOD, reason: 'x'.repeat(1_000) }, { ...GOOD, reason: 'x'.repeat(1_000) }],
    ['with changes that are undefined', { ...GOOD, decision: 'skip', set: undefined }, { ...GOOD, decision: 'skip' }],
  ])('is taken %s', ([, input, taken]) => {
    expect(parseDecideInput(input)).toEqual(taken);
  });

  test.for<[unknown, string]>([
    [
      undefined,
      'decide takes one object like {"stage":"soak","execution":1,"decision":"retry|skip|abort","reason":"why"}; found nothing.',
    ],
    [
      null,
      'decide takes one object like {"stage":"soak","execution":1,"decision":"retry|skip|abort","reason":"why"}; found null.',
    ],
    [
      'retry',
      'decide takes one object like {"stage":"soak","execution":1,"decision":"retry|skip|abort","reason":"why"}; found "retry".',
    ],
    [
      [GOOD],
      `decide takes one object like {"stage":"soak","execution":1,"decision":"retry|skip|abort","reason":"why"}; found ${JSON.stringify([GOOD])}.`,
    ],
    [{ ...GOOD, force: true, now: 1 }, 'unknown key "force", "now"; allowed: stage, execution, decision, reason, set.'],
    [
      { ...GOOD, stage: 'Soak' },
      'stage: found "Soak"; allowed: resolve, provision, install, seed, ramp, steady, soak, snapshot, judge, teardown.',
    ],
    [
      { decision: 'retry' },
      'stage: found nothing; allowed: resolve, provision, install, seed, ramp, steady, soak, snapshot, judge, teardown.',
    ],
    [{ ...GOOD, execution: '1' }, 'execution: found "1"; allowed: a whole number >= 1, the one that the hold names.'],
    [{ ...GOOD, execution: 0 }, 'execution: found 0; allowed: a whole number >= 1, the one that the hold names.'],
    [{ ...GOOD, execution: 1.5 }, 'execution: found 1.5; allowed: a whole number >= 1, the one that the hold names.'],
    [
      { stage: 'soak', decision: 'retry' },
      'execution: found nothing; allowed: a whole number >= 1, the one that the hold names.',
    ],
    [{ ...GOOD, decision: 'continue' }, 'decision: found "continue"; allowed: retry, skip, abort.'],
    [{ stage: 'soak', execution: 1 }, 'decision: found nothing; allowed: retry, skip, abort.'],
    [{ ...GOOD, reason: 7 }, 'reason: allowed is a text of at most 1,000 characters.'],
    [{ ...GOOD, reason: 'x'.repeat(1_001) }, 'reason: allowed is a text of at most 1,000 characters.'],
    [{ ...GOOD, decision: 'skip', set: {} }, 'set: only a retry carries changes; found decision "skip".'],
    [
      { ...GOOD, set: ['gates.p99.max=3'] },
      'set: found ["gates.p99.max=3"]; allowed: an object of dotted paths, e.g. {"gates.name.max": 5}.',
    ],
    [{ ...GOOD, set: null }, 'set: found null; allowed: an object of dotted paths, e.g. {"gates.name.max": 5}.'],
  ])('%j is refused', ([input, sentence]) => {
    expect(parseDecideInput(input)).toBe(sentence);
  });

  test.for(['', 'stage', 'execution', 'decision', 'set'])(
    'a deep, a long and a wide value in "%s" get a short answer',
    (key) => {
      const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`gates.${index}.max`, 1]));
      const values = [deep((a) => ({ a })), deep((a) => [a]), 'x'.repeat(1_000_000), wide];
      for (const value of values) {
        const answer = parseDecideInput(key === '' ? value : { ...GOOD, [key]: value });
        // What is in the changes of a retry is refused with the campaign's gates at hand.
        const text = typeof answer === 'string' ? answer : refuseChanges({ gates: [], load }, answer.set).join('');
        expect(text).toMatch(/; (?:allowed: |found )|^set\./);
        expect(text.length).toBeLessThan(500);
      }
    },
  );

  test('a deep value of a change is refused with a short answer', () => {
    const set = { 'loadProfile.soakSeconds': deep((a) => ({ a })) };
    const [answer] = refuseChanges({ gates: [], load }, set);
    expect(answer).toBe(
      'set.loadProfile.soakSeconds: found a value that is nested too deeply, or is no JSON (object); allowed: a whole number from 1 to 1000000000.',
    );
  });

  test('whatever is typed gets an answer, and what is taken is complete', () => {
    const key = fc.oneof(fc.constantFrom('stage', 'execution', 'decision', 'reason', 'set'), fc.string());
    const typed = fc.oneof(
      fc.anything(),
      fc.dictionary(key, fc.oneof(fc.anything(), fc.constantFrom('soak', 'retry', 1))),
    );
    fc.assert(
      fc.property(typed, (input) => {
        const parsed = parseDecideInput(input);
        if (typeof parsed === 'string') expect(parsed).toMatch(/\.$/);
        else expect(Object.keys(parsed)).toEqual(expect.arrayContaining(['stage', 'execution', 'decision', 'reason']));
      }),
      { numRuns: 2_000 },
    );
  });
});
