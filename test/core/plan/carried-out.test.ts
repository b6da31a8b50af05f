import { expect, test } from 'vitest';
import { notCarriedOut } from '../../../src/core/plan/carried-out.ts';
import type { System } from '../../../src/core/model/system.ts';
import { aProfile } from './make.ts';

function aSystem(change: { gates?: System['gates']; helm?: boolean }): System {
  const helm = { chart: 'chart', release: 'r', namespace: 'n', values: {} };
  return {
    metadata: { name: 'some', description: '' },
    capacity: 'belay',
    install: { manifests: [], processes: [], ...(change.helm === true ? { helm } : {}) },
    ready: { crds: [], http: [], timeoutMs: 1 },
    scrape: [],
    gates: change.gates ?? {},
  };
}

const bigfleet = aSystem({ gates: { shardShortfalls: { max: 0 } }, helm: true });
const plain = aSystem({});
const base = aProfile();

test('what Belay does itself is carried out by any system', () => {
  const runnerActions = ['fail-node', 'fail-node-3'].map((action) => ({ atSeconds: 1, action }));
  expect(notCarriedOut(aProfile({ runnerActions }), plain)).toEqual([]);
});

test.for([
  ['kill-coordinator-leader', 'kills the coordinators, the leader among them'],
  ['kill-shard-bigfleet-shard-1', 'kills the shard in Pod bigfleet-shard-1'],
  [
    'partition-coordinator-from-shard-bigfleet-shard-1',
    'cuts the shard in Pod bigfleet-shard-1 off from the coordinators for 60 s',
  ],
] as const)('%s is refused to run, whatever the system', ([action, description]) => {
  const runnerActions = [
    { atSeconds: 1, action: 'fail-node' },
    { atSeconds: 2, action },
  ];
  for (const system of [plain, bigfleet]) {
    const [refusal, ...others] = notCarriedOut(aProfile({ runnerActions }), system);
    expect(others).toEqual([]);
    expect(refusal?.field).toBe('runnerActions[1].action');
    expect(refusal?.message).toContain(`found ${action} (${description}), allowed to run: fail-node, fail-node-<n> (`);
  }
});

test('what only the chart of BigFleet does is refused without it', () => {
  const profile = aProfile({ seed: { ...base.seed, preBind: true }, shard: { failureRatePerSec: 0.5 } });
  expect(notCarriedOut(profile, bigfleet)).toEqual([]);
  for (const system of [plain, aSystem({ gates: bigfleet.gates }), aSystem({ helm: true })]) {
    expect(notCarriedOut(profile, system).map(({ field }) => field)).toEqual([
      'seed.preBind',
      'shard.failureRatePerSec',
    ]);
  }
});
