import { describe, expect, test } from 'vitest';
import { spreadOverHosts, type SpreadQuestion } from '../../../src/core/plan/spread.ts';

const system: SpreadQuestion['system'] = {
  metadata: { name: 'sut', description: '' },
  install: { manifests: [], processes: [] },
};
const question: SpreadQuestion = {
  substrate: { type: 'local' },
  system,
  clusterCount: 4,
  capacity: 2,
  free: 2,
  hasSecret: true,
};
const chart = { chart: 'c', release: 'r', namespace: 'n', values: {} };
const withChart = { ...system, install: { ...system.install, helm: chart } };

describe('clusters spread over hosts', () => {
  test.for<[string, Partial<SpreadQuestion>, boolean, string | undefined]>([
    ['that share a secret when one is too small', {}, true, undefined],
    ['also when its capacity is used by others', { capacity: 4, free: 1 }, true, undefined],
    ['not when they fit', { free: 4, capacity: 4 }, false, undefined],
    [
      'not without a secret',
      { hasSecret: false },
      false,
      'all 4 clusters run on this host, which takes 2: no fleet secret is set (BELAY_FLEET_SECRET or BELAY_FLEET_SECRET_FILE)',
    ],
    [
      'not without a secret, on a host in use',
      { hasSecret: false, capacity: 4, free: 1 },
      false,
      'all 4 clusters run on this host, which takes 4 and has 3 in use: no fleet secret is set (BELAY_FLEET_SECRET or BELAY_FLEET_SECRET_FILE)',
    ],
    [
      'not with a chart',
      { system: withChart },
      false,
      'all 4 clusters run on this host, which takes 2: system sut installs a chart',
    ],
    ['not when they exist somewhere', { substrate: { type: 'kubeconfig' } }, false, undefined],
    ['not when a host cluster has them', { substrate: { type: 'hosted' } }, false, undefined],
  ])('%s', ([, more, spreads, note]) => {
    const answer = spreadOverHosts({ ...question, ...more });
    expect(answer.spreads).toBe(spreads);
    expect(answer.note).toBe(note);
  });
});
