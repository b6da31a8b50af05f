import { expect, test } from 'vitest';
import { failNode } from '../../../src/adapters/faults/fail-node.ts';
import { effectOf } from '../../../src/adapters/faults/registry.ts';
import type { FaultSite } from '../../../src/adapters/faults/effect.ts';
import { scriptedNodes, type ScriptedNodes } from './scripted-nodes.ts';

const WITHIN = { signal: new AbortController().signal, budgetMs: 1_000 };
const NONE: ReadonlySet<string> = new Set();
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
  return {
    client,
    namespace: 'mine',
    labelSelector: 'x=y',
    nodes,
    nodesOfSystem: false,
    failedNodesTurnNotReady: true,
  };
}

test.for<[string, FaultSite['nodes'], string]>([
  ['fail-node', OWN, 'mine-n1'],
  ['fail-node-0', OWN, 'mine-n0'],
  ['fail-node-3', OWN, 'mine-n10'],
  // Where the system makes the machines, they do not carry the campaign's label.
  ['fail-node', {}, 'aa-not-ours'],
])('%s among the Nodes of %j breaks %s', async ([action, nodes, expected]) => {
  expect(await effectOf(action)?.choose(siteOf(scriptedNodes(NODES, PODS), nodes), NONE, WITHIN)).toBe(expected);
});

test('what does not exist cannot be broken', async () => {
  const site = siteOf(scriptedNodes(NODES, []));
  await expect(failNode.choose({ position: 4 }, site, NONE, WITHIN)).rejects.toThrow(
    'the campaign has 4 Nodes, numbered from 0',
  );
  await expect(failNode.choose({}, site, NONE, WITHIN)).rejects.toThrow('no Node has a Pod of this campaign');
  await expect(failNode.fire('nowhere', site, WITHIN)).rejects.toThrow('node nowhere does not exist');
});

test('a Node that would stay Ready, and has no Pod to lose, is not failed: its failure could not be seen', async () => {
  const site = siteOf(scriptedNodes(NODES, PODS));
  const staysReady = { ...site, failedNodesTurnNotReady: false };
  await expect(failNode.choose({ position: 2 }, staysReady, NONE, WITHIN)).rejects.toThrow(
    'node mine-n2 has no Pod of this campaign, and its failure would show nothing else',
  );
  expect(await failNode.choose({ position: 1 }, staysReady, NONE, WITHIN)).toBe('mine-n1');
  expect(await failNode.choose({ position: 2 }, site, NONE, WITHIN)).toBe('mine-n2');
});

test('an action that this version cannot inject has no effect', () => {
  expect(effectOf('kill-coordinator-leader')).toBeUndefined();
  expect(effectOf('anything')).toBeUndefined();
});

test('the effect is seen when the taint is there, the Pods are gone and the Node is NotReady, and not before', async () => {
  const cluster = scriptedNodes(NODES, PODS);
  cluster.evicts = false;
  cluster.turnsNotReady = false;
  const site = siteOf(cluster);
  expect(await failNode.assert('mine-n1', site, WITHIN)).toEqual({
    seen: false,
    final: true,
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
    detail: 'node mine-n1 has the taint belay.dev/failed, but is Ready and has 2 Pods of the campaign',
  });
  cluster.pods = [];
  expect(await failNode.assert('mine-n1', site, WITHIN)).toEqual({
    seen: false,
    detail: 'node mine-n1 has the taint belay.dev/failed, but is Ready',
  });
  nodeOf(cluster, 'mine-n1').ready = false;
  expect(await failNode.assert('mine-n1', site, WITHIN)).toEqual({
    seen: true,
    detail: 'node mine-n1 has the taint belay.dev/failed and no Pod of the campaign, and is NotReady',
  });
});

test("where the kubelet is not Belay's, the effect is seen without NotReady, and that is on record", async () => {
  const cluster = scriptedNodes(NODES, PODS);
  cluster.turnsNotReady = false;
  const site = { ...siteOf(cluster), failedNodesTurnNotReady: false };
  await failNode.fire('mine-n1', site, WITHIN);
  expect(await failNode.assert('mine-n1', site, WITHIN)).toEqual({
    seen: true,
    detail:
      "node mine-n1 has the taint belay.dev/failed and no Pod of the campaign; it may stay Ready, because its kubelet is not Belay's",
  });
});

test('the undoing is seen when the Node takes Pods again; other taints stay', async () => {
  const cluster = scriptedNodes(NODES, PODS);
  const site = siteOf(cluster);
  const node = nodeOf(cluster, 'mine-n1');
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
  expect(await failNode.assertUndone('mine-n1', site, WITHIN)).toEqual({
    seen: true,
    detail: 'node mine-n1 is Ready and takes Pods again',
  });
});

test('a Node that was removed shows nothing, except where its system removes Nodes that have become empty', async () => {
  const own = siteOf(scriptedNodes({}, []));
  const removed = { seen: false, final: true, detail: 'node lost is gone: something else removed it' };
  expect(await failNode.assert('lost', own, WITHIN)).toEqual(removed);
  await failNode.undo('lost', own, WITHIN);
  expect(await failNode.assertUndone('lost', own, WITHIN)).toEqual(removed);

  const ofSystem = { ...own, nodesOfSystem: true };
  expect(await failNode.assert('lost', ofSystem, WITHIN)).toMatchObject({ seen: true, gone: true });
  await failNode.undo('lost', ofSystem, WITHIN);
  expect(await failNode.assertUndone('lost', ofSystem, WITHIN)).toEqual({
    seen: true,
    detail: 'node lost is gone and cannot come back',
  });
});

type Node = NonNullable<ReturnType<ScriptedNodes['nodes']['get']>>;

test.for<[string, (node: Node) => void]>([
  ['it is not Ready', (node) => (node.ready = false)],
  ['it is cordoned', (node) => (node.unschedulable = true)],
  ['it has the taint other', (node) => (node.taints = [{ key: 'other', effect: 'NoExecute' }])],
])('a Node is not chosen when %s', async ([problem, spoil]) => {
  const cluster = scriptedNodes(NODES, PODS);
  const busiest = nodeOf(cluster, 'mine-n1');
  spoil(busiest);
  expect(await failNode.choose({}, siteOf(cluster), NONE, WITHIN)).toBe('mine-n0');
  await expect(failNode.choose({ position: 1 }, siteOf(cluster), NONE, WITHIN)).rejects.toThrow(
    `node mine-n1 was broken before: ${problem}`,
  );
  spoil(nodeOf(cluster, 'mine-n0'));
  await expect(failNode.choose({}, siteOf(cluster), NONE, WITHIN)).rejects.toThrow(
    `every Node with a Pod of this campaign was broken before, e.g. node mine-n1: ${problem}`,
  );
});

test('a Node that another fault has is not chosen; a taint that evicts nothing does not matter', async () => {
  const cluster = scriptedNodes(NODES, PODS);
  nodeOf(cluster, 'mine-n1').taints = [{ key: 'other', effect: 'NoSchedule' }];
  expect(await failNode.choose({}, siteOf(cluster), NONE, WITHIN)).toBe('mine-n1');
  expect(await failNode.choose({}, siteOf(cluster), new Set(['mine-n1']), WITHIN)).toBe('mine-n0');
  await expect(failNode.choose({ position: 1 }, siteOf(cluster), new Set(['mine-n1']), WITHIN)).rejects.toThrow(
    'node mine-n1 was broken before: another fault has it',
  );
});

test('a Node is back only when it is Ready; a failed one that was uncordoned is not failed', async () => {
  const cluster = scriptedNodes(NODES, []);
  const node = nodeOf(cluster, 'mine-n1');
  node.ready = false;
  expect(await failNode.assertUndone('mine-n1', siteOf(cluster), WITHIN)).toEqual({
    seen: false,
    detail: 'node mine-n1 does not take Pods: it is not Ready',
  });
  await failNode.fire('mine-n1', siteOf(cluster), WITHIN);
  node.unschedulable = false;
  expect(await failNode.assert('mine-n1', siteOf(cluster), WITHIN)).toEqual({
    seen: false,
    final: true,
    detail: 'node mine-n1 is not cordoned',
  });
});

function nodeOf(cluster: ScriptedNodes, name: string): Node {
  const node = cluster.nodes.get(name);
  if (node === undefined) throw new Error(`the cluster has no node ${name}`);
  return node;
}
