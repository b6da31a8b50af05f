import { expect, test } from 'vitest';
import { idOfPair, inputOfPair, pairOfId, SIDES } from '../../../src/core/campaign/comparison.ts';

const SPEC = {
  inputs: { baseline: { profile: 'a' }, branch: { profile: 'a', overrides: { system: 'b' } } },
  pairs: 3,
  metrics: [],
  sameWithin: 0,
};

test.each([
  [7, [7, 8, 9]],
  [0, [0, 1, 2]],
  // The largest seed that a profile can have.
  [4_294_967_294, [4_294_967_294, 4_294_967_295, 0]],
])('both sides of a pair have the same seed, and each pair another: from %d on', (firstSeed, seeds) => {
  for (const side of SIDES) {
    const inputs = [1, 2, 3].map((pair) => inputOfPair({ ...SPEC, firstSeed }, side, pair));
    expect(inputs.map(({ overrides }) => (overrides as { randomSeed: number }).randomSeed)).toEqual(seeds);
  }
  expect(inputOfPair({ ...SPEC, firstSeed }, 'branch', 1)).toMatchObject({ overrides: { system: 'b' } });
});

test('an id of a campaign says of which comparison it is, whatever that is called', () => {
  for (const comparison of ['a', 'a.b', 'nightly.2-branch', 'a-compare-20261130-021500-x7k'])
    for (const side of SIDES)
      expect(pairOfId(idOfPair(comparison, side, 12))).toEqual({ workflowId: comparison, pair: 12, side });
  for (const other of ['nightly.1-dev-50', 'a.b-branch', 'a.1-branches', '']) expect(pairOfId(other)).toBeUndefined();
});
