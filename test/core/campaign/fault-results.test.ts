import { expect, test } from 'vitest';
import { parseSoakCheckpoint, type FaultState } from '../../../src/core/plan/checkpoints/soak.ts';
import { faultResults, type FaultResult } from '../../../src/core/campaign/fault-results.ts';
import type { RunnerAction } from '../../../src/core/model/profile.ts';
import { aPlan, aProfile } from '../plan/make.ts';

const EACH: RunnerAction = { action: 'fail-node', atSeconds: 5, on: 'each' };
const DONE: FaultState = { target: 'n0', firedAtMs: 1, assertedAtMs: 2, undoneAtMs: 3 };

function resultsOf(
  actions: readonly RunnerAction[],
  states: Readonly<Record<string, FaultState>>,
): readonly FaultResult[] {
  const spec = { profile: aProfile({ runnerActions: actions }), plan: aPlan({ clusterCount: 2 }), randomSeed: 1 };
  return faultResults(spec, states);
}

test.for<[string, Readonly<Record<string, FaultState>>, Partial<FaultResult>]>([
  ['done in both clusters', { '0/0': DONE, '0/1': DONE }, { asserted: true, fireError: '', assertError: '' }],
  [
    'not due in the second cluster',
    { '0/0': DONE },
    { asserted: false, fireError: 'the soak ended before it', notInTime: true },
  ],
  [
    'refused in the second cluster',
    { '0/0': DONE, '0/1': { fireError: 'cluster c1: no Node' } },
    { asserted: false, fireError: 'cluster c1: no Node', assertError: '' },
  ],
  [
    'without its effect',
    { '0/0': DONE, '0/1': { target: 'n0', firedAtMs: 1, undoneAtMs: 3, assertError: 'no effect' } },
    { asserted: false, fireError: '', assertError: 'no effect' },
  ],
  [
    'not undone',
    { '0/0': { target: 'n0', firedAtMs: 1, assertedAtMs: 2, undoError: 'still out' }, '0/1': DONE },
    { asserted: false, fireError: '', assertError: 'still out' },
  ],
  [
    'undone without a look at its effect',
    { '0/0': { target: 'n0', firedAtMs: 1, undoneAtMs: 3 }, '0/1': DONE },
    { asserted: false, assertError: 'the soak ended before its effect was seen' },
  ],
  [
    'still out',
    { '0/0': { target: 'n0', firedAtMs: 1, assertedAtMs: 2 }, '0/1': DONE },
    { asserted: false, assertError: 'the soak ended before it was undone' },
  ],
  [
    'that no worker could do in time',
    { '0/0': { fireError: 'it was due 40 s before', lateMs: 40_000 }, '0/1': DONE },
    { asserted: false, fireError: 'it was due 40 s before', notInTime: true },
  ],
  [
    'that was late, and cut short by the end of the soak',
    { '0/0': { target: 'n0', firedAtMs: 1, lateMs: 9_000, assertedAtMs: 2 }, '0/1': DONE },
    { asserted: false, notInTime: true },
  ],
])('an action %s', ([, states, expected]) => {
  expect(resultsOf([EACH], states)).toMatchObject([{ action: 'fail-node', atSeconds: 5, ...expected }]);
});

test('each action has its own result', () => {
  const first: RunnerAction = { action: 'fail-node-1', atSeconds: 9 };
  expect(resultsOf([EACH, first], { '0/0': DONE, '0/1': DONE, '1/0': DONE })).toEqual([
    { action: 'fail-node', atSeconds: 5, fireError: '', assertError: '', asserted: true },
    { action: 'fail-node-1', atSeconds: 9, fireError: '', assertError: '', asserted: true },
  ]);
});

test('an action says what was seen of it in each cluster', () => {
  const states = { '0/0': { ...DONE, effect: 'n0 is NotReady' }, '0/1': { ...DONE, effect: 'n1 is gone' } };
  expect(resultsOf([EACH], states)).toMatchObject([{ asserted: true, effect: 'n0 is NotReady; n1 is gone' }]);
});

test('an action that was late says how late, in the cluster where it was latest', () => {
  const states = { '0/0': { ...DONE, lateMs: 3_000 }, '0/1': { ...DONE, lateMs: 7_500 } };
  expect(resultsOf([EACH], states)).toEqual([
    { action: 'fail-node', atSeconds: 5, fireError: '', assertError: '', asserted: true, lateSeconds: 7.5 },
  ]);
});

test('a checkpoint with one state per action is of the first cluster, and counts as it did then', () => {
  const checkpoint = parseSoakCheckpoint({
    startAtMs: 100,
    lowWater: { c0: 7 },
    actions: {
      '0': { node: 'n0', firedAtMs: 200, undoneAtMs: 300 },
      '1': { node: 'n1', firedAtMs: 250 },
      '2': { error: 'no Node has a Pod of this campaign' },
    },
  });
  expect(checkpoint?.actions).toEqual({
    '0/0': { target: 'n0', firedAtMs: 200, assertedAtMs: 300, undoneAtMs: 300 },
    '1/0': { target: 'n1', firedAtMs: 250 },
    '2/0': { fireError: 'no Node has a Pod of this campaign' },
  });
  const actions = [0, 1, 2].map((atSeconds): RunnerAction => ({ action: 'fail-node', atSeconds }));
  expect(resultsOf(actions, checkpoint?.actions ?? {}).map(({ asserted }) => asserted)).toEqual([true, false, false]);
});

test('a checkpoint is read as it was written', () => {
  const written = {
    startAtMs: 100,
    lowWater: { c0: 7, c1: 9 },
    actions: {
      '0/0': { ...DONE, injectedAtMs: 1, lateMs: 5, undoBeganAtMs: 2 },
      '0/1': { target: 'n1', firedAtMs: 1, assertError: 'a', undoError: 'b' },
      '1/0': { fireError: 'c' },
    },
  };
  expect(parseSoakCheckpoint(JSON.parse(JSON.stringify(written)))).toEqual(written);
  expect(() => parseSoakCheckpoint({ ...written, actions: { '0/0': { firedAtMs: 'soon' } } })).toThrow(
    'action 0/0: firedAtMs: found "soon" (string); allowed: a number',
  );
});

test.for<[string, FaultState]>([
  [
    'was late and had no effect',
    { target: 'n0', firedAtMs: 1, lateMs: 9_000, undoneAtMs: 3, assertError: 'no effect' },
  ],
  ['found no Node', { fireError: 'no Node' }],
  ['was on time, and still out at the end', { target: 'n0', firedAtMs: 1, assertedAtMs: 2 }],
])('an action is not excused because it %s', ([, state]) => {
  expect(resultsOf([EACH], { '0/0': state, '0/1': {} })[0]).not.toHaveProperty('notInTime');
});
