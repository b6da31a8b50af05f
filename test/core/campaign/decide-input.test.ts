import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDecideInput } from '../../../src/core/campaign/decide-input.ts';

const GOOD = { stage: 'soak', execution: 1, decision: 'retry', reason: 'new build' };

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
