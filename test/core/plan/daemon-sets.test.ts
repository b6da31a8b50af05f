import { expect, test } from 'vitest';
import { daemonRoom, withDaemonRoom, type DaemonSet } from '../../../src/core/plan/daemon-sets.ts';
import { campaignTaint } from '../../../src/core/plan/labels.ts';

type PodSpec = DaemonSet['spec']['template']['spec'];

const NODE = { labels: { 'kubernetes.io/os': 'linux', zone: 'a' }, taint: campaignTaint({ campaign: 'c' }) };
const ANY = { tolerations: [{ operator: 'Exists' }] };

function required(...matchExpressions: readonly { key: string; operator: string; values?: string[] }[]): PodSpec {
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [{ matchExpressions }] };
  return { ...ANY, affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } };
}

test.each<[string, PodSpec, number]>([
  ['without a toleration', {}, 0],
  ['for control planes', { tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }] }, 0],
  ['that tolerates everything', ANY, 1],
  [
    'that tolerates what keeps Pods from running only',
    { tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] },
    0,
  ],
  ['that tolerates every NoSchedule', { tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }] }, 1],
  ['that tolerates the key', { tolerations: [{ key: 'belay.dev/campaign', operator: 'Exists' }] }, 1],
  ['that tolerates another campaign', { tolerations: [{ key: 'belay.dev/campaign', value: 'd' }] }, 0],
  ['for Linux', { ...ANY, nodeSelector: { 'kubernetes.io/os': 'linux' } }, 1],
  ['for Windows', { ...ANY, nodeSelector: { 'kubernetes.io/os': 'windows' } }, 0],
  ['in zone a or b', required({ key: 'zone', operator: 'In', values: ['a', 'b'] }), 1],
  ['not in zone a', required({ key: 'zone', operator: 'NotIn', values: ['a'] }), 0],
  ['on Nodes with a GPU', required({ key: 'gpu', operator: 'Exists' }), 0],
  ['on Nodes without a GPU', required({ key: 'gpu', operator: 'DoesNotExist' }), 1],
])('a DaemonSet %s', (_what, spec, pods) => {
  expect(daemonRoom([{ spec: { template: { spec } } }], NODE).pods).toBe(pods);
});

test('a Node has room for the Pods of DaemonSets beside those of the campaign', () => {
  const agent = {
    ...ANY,
    containers: [{ resources: { requests: { cpu: '100m', memory: '64Mi' } } }],
    initContainers: [
      { restartPolicy: 'Always', resources: { requests: { cpu: '50m' } } },
      { resources: { requests: { memory: '1Gi' } } },
    ],
  };
  const proxy = { ...ANY, containers: [{ resources: { requests: { cpu: '1' } } }] };
  const room = daemonRoom(
    [agent, proxy, {}].map((spec) => ({ spec: { template: { spec } } })),
    NODE,
  );
  expect(withDaemonRoom({ cpu: '8', memory: '1Gi', pods: '110' }, room)).toEqual({
    cpu: '9150m',
    memory: String(2 * 2 ** 30),
    pods: '112',
  });
  expect(withDaemonRoom({ cpu: '8' }, daemonRoom([], NODE))).toEqual({ cpu: '8' });
});
