import { expect, test } from 'vitest';
import type { FaultTargets, RunnerAction } from '../../../src/core/model/profile.ts';
import { faultKey, faultSchedule } from '../../../src/core/plan/fault-schedule.ts';

function clustersOf(runnerActions: readonly RunnerAction[], clusterCount: number, randomSeed = 1): readonly string[] {
  return faultSchedule({ profile: { runnerActions }, plan: { clusterCount }, randomSeed }).map(faultKey);
}

const failNode = (on?: FaultTargets): RunnerAction => ({
  action: 'fail-node',
  atSeconds: 5,
  ...(on === undefined ? {} : { on }),
});

test.for<[readonly RunnerAction[], number, readonly string[]]>([
  [[failNode()], 3, ['0/0']],
  [[failNode('first'), failNode('each')], 3, ['0/0', '1/0', '1/1', '1/2']],
  [[failNode('random')], 1, ['0/0']],
  [[], 3, []],
])('actions %j in %i clusters', ([actions, clusters, expected]) => {
  expect(clustersOf(actions, clusters)).toEqual(expected);
});

function drawnOf100(seed: number): readonly string[] {
  return clustersOf(Array(4).fill(failNode('random')), 100, seed);
}

test('a random cluster is drawn from the seed and from the position of the action', () => {
  expect(drawnOf100(7)).toEqual(drawnOf100(7));
  expect(drawnOf100(7)).not.toEqual(drawnOf100(8));
  expect(new Set(drawnOf100(7).map((key) => key.split('/')[1])).size).toBeGreaterThan(1);
  const all = new Set(Array.from({ length: 200 }, (_, seed) => clustersOf([failNode('random')], 3, seed)[0]));
  expect(all).toEqual(new Set(['0/0', '0/1', '0/2']));
});
