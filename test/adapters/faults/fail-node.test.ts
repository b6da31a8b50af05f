import { expect, test } from 'vitest';
import { failNode } from '../../../src/adapters/faults/fail-node.ts';
import { effectOf } from '../../../src/adapters/faults/registry.ts';
import type { FaultSite } from '../../../src/adapters/faults/effect.ts';
import { scriptedNodes, type ScriptedNodes } from './scripted-nodes.ts';

const WITHIN = { signal: new AbortController().signal, budgetMs: 1_000 };
const OWN = { labelSelector: 'belay.dev/campaign=mine' };
const NODES = {
  'aa-not-ours': {},
  'bb-another-campaign': { 'belay.dev/campaign': 'other' },
  'mine-n0': { 'belay.dev/campaign': 'mine' },
  'mine-n1': { 'belay.dev/campaign': 'mine' },
  'mine-n10': { 'belay.dev/campaign': 'mine' },
  'mine-n2': { 'belay.dev/campaign': 'mine' },
};
/** Most of the campaign's Pods are on a Node that is not its own. */
const PODS = ['aa-not-ours', 'aa-not-ours', 'aa-not-ours', 'mine-n0', 'mine-n1', 'mine-n1'];

function siteOf({ client }: ScriptedNodes, nodes: FaultSite['nodes'] = OWN): FaultSite {
  return { client, namespace: 'mine', labelSelector: 'x=y', nodes };
}

test.for<[string, FaultSite['nodes'], string]>([
  ['fail-node', OWN, 'mine-n1'],
  ['fail-node-0', OWN, 'mine-n0'],
  ['fail-node-3', OWN, 'mine-n10'],
  // Where the system makes the machines, they do not carry the campaign's label.
  ['fail-node', {}, 'aa-not-ours'],
])('%s among the Nodes of %j breaks %s', async ([action, nodes, expected]) => {
  expect(await effectOf(action)?.choose(siteOf(scriptedNodes(NODES, PODS), nodes), WITHIN)).toBe(expected);
});

test('what does not exist cannot be broken', async () => {
  const site = siteOf(scriptedNodes(NODES, []));
  await expect(failNode.choose({ position: 4 }, site, WITHIN)).rejects.toThrow(
    'the campaign has 4 Nodes, numbered from 0',
  );
  await expect(failNode.choose({}, site, WITHIN)).rejects.toThrow('no Node has a Pod of this campaign');
  await expect(failNode.fire('nowhere', site, WITHIN)).rejects.toThrow('node nowhere does not exist');
});

test('an action that this version cannot inject has no effect', () => {
  expect(effectOf('kill-coordinator-leader')).toBeUndefined();
  expect(effectOf('anything')).toBeUndefined();
});

test('the effect is seen when the taint is there and the Pods are gone, and not before', async () => {
  const cluster = scriptedNodes(NODES, PODS);
  cluster.evicts = false;
  const site = siteOf(cluster);
  expect(await failNode.assert('mine-n1', site, WITHIN)).toEqual({
    seen: false,
    detail: 'node mine-n1 does not have the taint belay.dev/failed',
  });
  await failNode.fire('mine-n1', site, WITHIN);
  await failNode.fire('mine-n1', site, WITHIN);
  expect(cluster.nodes.get('mine-n1')).toMatchObject({
    unschedulable: true,
    taints: [{ key: 'belay.dev/failed', value: 'true', effect: 'NoExecute' }],
  });
  expect(await failNode.assert('mine-n1', site, WITHIN)).toEqual({
    seen: false,
    detail: 'node mine-n1 has the taint belay.dev/failed, but 2 Pods of the campaign on it',
  });
  cluster.pods = [];
  expect(await failNode.assert('mine-n1', site, WITHIN)).toEqual({
    seen: true,
    detail: 'node mine-n1 has the taint belay.dev/failed and no Pod of the campaign',
  });
});

test('the undoing is seen when the Node takes Pods again; other taints stay', async () => {
  const cluster = scriptedNodes(NODES, PODS);
  const site = siteOf(cluster);
  const node = cluster.nodes.get('mine-n1');
  if (node === undefined) throw new Error('the cluster has no node mine-n1');
  node.taints = [{ key: 'other' }];
  await failNode.fire('mine-n1', site, WITHIN);
  expect(await failNode.assertUndone('mine-n1', site, WITHIN)).toMatchObject({ seen: false });
  node.taints = [...node.taints, { key: 'node.kubernetes.io/unschedulable' }];
  await failNode.undo('mine-n1', site, WITHIN);
  expect(await failNode.assertUndone('mine-n1', site, WITHIN)).toEqual({
    seen: false,
    detail: 'node mine-n1 does not take Pods: node.kubernetes.io/unschedulable',
  });
  node.taints = [{ key: 'other' }];
  expect(await failNode.assertUndone('mine-n1', site, WITHIN)).toEqual({ seen: true, detail: 'node mine-n1 is back' });
});

test('a Node that its system has removed meanwhile is neither missing its effect nor its undoing', async () => {
  const site = siteOf(scriptedNodes({}, []));
  expect(await failNode.assert('gone', site, WITHIN)).toMatchObject({ seen: true });
  await failNode.undo('gone', site, WITHIN);
  expect(await failNode.assertUndone('gone', site, WITHIN)).toEqual({
    seen: true,
    detail: 'node gone is gone and cannot come back',
  });
});
