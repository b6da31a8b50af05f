import { expect, test } from 'vitest';
import { checkTogether } from '../../../src/core/profile/check-together.ts';
import { unusedFields } from '../../../src/core/profile/unused-fields.ts';
import type { Profile } from '../../../src/core/model/profile.ts';
import type { System } from '../../../src/core/model/system.ts';
import { aCatalogue, aProfile } from '../plan/make.ts';

function aSystem(change: Partial<System> & { helm?: boolean } = {}): System {
  const { helm, ...rest } = change;
  const chart = { chart: 'chart', release: 'r', namespace: 'n', values: {} };
  return {
    metadata: { name: 'some', description: '' },
    capacity: 'belay',
    install: { manifests: [], processes: [], ...(helm === true ? { helm: chart } : {}) },
    ready: { crds: [], http: [], timeoutMs: 1 },
    scrape: [],
    gates: { x: { query: 'x', max: 1 } },
    ...rest,
  };
}

const base = aProfile();
const TIERS: Partial<Profile> = {
  seed: { ...base.seed, configuredFraction: 1, speculativeMultiplier: 2, spotCount: 3 },
  topology: { shardReplicas: 2, coordinatorReplicas: 3 },
};

test.each([
  [
    'a plain system',
    aSystem(),
    ['seed.speculativeMultiplier', 'seed.spotCount', 'topology.shardReplicas', 'topology.coordinatorReplicas'],
  ],
  [
    'a system that creates its machines',
    aSystem({ capacity: 'system' }),
    [
      'seed.configuredFraction',
      'seed.idleHeadroomFraction',
      'seed.speculativeMultiplier',
      'seed.spotCount',
      'topology.shardReplicas',
      'topology.coordinatorReplicas',
    ],
  ],
  ["BigFleet's chart", aSystem({ extension: 'bigfleet', helm: true }), []],
  [
    'a stand-in with the gates of BigFleet',
    aSystem({ extension: 'bigfleet' }),
    ['seed.speculativeMultiplier', 'seed.spotCount', 'topology.coordinatorReplicas'],
  ],
] as const)('%s leaves fields of the profile unused', (_, system, unused) => {
  const remarks = unusedFields(aProfile(TIERS), system);
  expect(remarks.map(({ path }) => path.join('.'))).toEqual(unused);
  for (const { message } of remarks) expect(message).toMatch(/^has no effect: system some/);
});

test('a change of a gate that changes only what is shown is remarked', () => {
  const gates = { x: { description: 'mine', unit: 's' } };
  expect(unusedFields(aProfile({ gates }), aSystem())).toContainEqual({
    path: ['gates', 'x'],
    message: 'changes only description and unit: the bar stays that of the system',
  });
  const bar = { x: { description: 'mine', max: 2 } };
  const remarked = unusedFields(aProfile({ gates: bar }), aSystem()).map(({ path }) => path[0]);
  expect(remarked).not.toContain('gates');
});

test('a change of a gate without any field is refused', () => {
  expect(checkTogether(aProfile({ gates: { x: {} } }), aCatalogue(), aSystem())).toEqual([
    { path: ['gates', 'x'], problem: 'changes nothing', found: '{}', allowed: 'a bar or another field of a gate' },
  ]);
});
