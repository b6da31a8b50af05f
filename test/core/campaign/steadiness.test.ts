import { expect, test } from 'vitest';
import { isSteadyLook } from '../../../src/core/campaign/steadiness.ts';

const all = { wanted: 2_000, present: 2_000, bound: 2_000 };

test.each([
  [all, undefined, true],
  [{ ...all, bound: 1_998 }, undefined, true],
  [{ ...all, bound: 1_997 }, undefined, false],
  [{ ...all, present: 1_999 }, all, false],
])('%o after %o, all to be bound: %s', (look, before, steady) => {
  expect(isSteadyLook(look, before, false)).toBe(steady);
});

test.each([
  [{ ...all, bound: 1_500 }, { ...all, bound: 1_500 }, true],
  [{ ...all, bound: 1_500 }, { ...all, bound: 1_499 }, false],
  [{ ...all, bound: 1_500 }, undefined, false],
  // A shortfall that is not there is not steady, it is none.
  [all, all, false],
  [{ ...all, present: 1_999, bound: 1_500 }, { ...all, bound: 1_500 }, false],
])('%o after %o, a shortfall to stand: %s', (look, before, steady) => {
  expect(isSteadyLook(look, before, true)).toBe(steady);
});
