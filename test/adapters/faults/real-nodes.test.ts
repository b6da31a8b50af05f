import { afterEach, beforeEach, expect, test } from 'vitest';
import { runFaults, type FaultToInject } from '../../../src/activities/soak-faults.ts';
import type { FaultSite } from '../../../src/adapters/faults/effect.ts';
import { failNode } from '../../../src/adapters/faults/fail-node.ts';
import { effectOf } from '../../../src/adapters/faults/registry.ts';
import { waitForNodes } from '../../../src/adapters/kube/machines.ts';
import { podsPath } from '../../../src/adapters/kube/slot-book.ts';
import type { FaultState } from '../../../src/core/plan/checkpoints/soak.ts';
import { LABELS } from '../../../src/core/plan/labels.ts';
import { clusterOfFile } from '../../cluster-of-file.ts';
import { within } from '../kube/test-load.ts';

const CAMPAIGN = 'faulty';
const NAMESPACE = 'default';
const NODES = ['faulty-n0', 'faulty-n1'];
/** n1 has most of them. */
const PODS = ['faulty-n0', 'faulty-n1', 'faulty-n1'];
const SELECTOR = `${LABELS.campaign}=${CAMPAIGN}`;

const own = clusterOfFile({ configuredBy: 'belay' });

beforeEach(async () => {
  const labels = { [LABELS.campaign]: CAMPAIGN };
  for (const name of NODES) {
    const capacity = { cpu: '8', memory: '16Gi', pods: '10' };
    const metadata = { name, labels, annotations: { 'kwok.x-k8s.io/node': 'fake' } };
    const node = { apiVersion: 'v1', kind: 'Node', metadata, status: { capacity, allocatable: capacity } };
    await own.client.create('/api/v1/nodes', JSON.stringify(node), within());
  }
  await waitForNodes(own.client, { campaign: CAMPAIGN, count: NODES.length, onProgress: () => {} }, within());
  for (const [index, nodeName] of PODS.entries()) {
    const spec = { nodeName, containers: [{ name: 'load', image: 'registry.k8s.io/pause:3.10' }] };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: `faulty-${index}`, labels }, spec };
    await own.client.create(podsPath(NAMESPACE), JSON.stringify(pod), within());
  }
});
afterEach(async () => {
  for (const name of NODES) await own.client.delete(nodePath(name), {}, within());
  const options = { labelSelector: SELECTOR, pick: ({ metadata }: { metadata: { name: string } }) => metadata.name };
  for (const name of (await own.client.list(podsPath(NAMESPACE), options, within())).items) {
    await own.client.delete(`${podsPath(NAMESPACE)}/${name}`, { gracePeriodSeconds: 0 }, within());
  }
});

function nodePath(name: string): string {
  return `/api/v1/nodes/${name}`;
}

function siteOfFaults(): FaultSite {
  return {
    client: own.client,
    namespace: NAMESPACE,
    labelSelector: SELECTOR,
    nodes: { labelSelector: SELECTOR },
    nodesOfSystem: false,
    failedNodesTurnNotReady: true,
  };
}

/** Something else than the fault changes a Node. */
async function changeNode(name: string, spec: object): Promise<void> {
  await own.client.patch(nodePath(name), 'merge', { spec }, within());
}

/** Something turns the busiest Node Ready while it is failed. */
async function turnReady(): Promise<void> {
  // kwok would turn it NotReady again at once.
  await own.cluster.kill('kwok-controller');
  const conditions = [{ type: 'Ready', status: 'True', reason: 'test' }];
  await own.client.patch(`${nodePath('faulty-n1')}/status`, 'strategic-merge', { status: { conditions } }, within());
}

/** Runs `fail-node`. `meanwhile` happens once its state has this moment, and before it goes on. */
async function run(after?: keyof FaultState, meanwhile?: () => Promise<unknown>): Promise<FaultState> {
  let state: FaultState = {};
  let disturbance: Promise<unknown> | undefined;
  const effect = effectOf('fail-node');
  if (effect === undefined) throw new Error('fail-node is not among the faults');
  const disturbed = async <Result>(call: () => Promise<Result>): Promise<Result> => {
    await disturbance;
    return await call();
  };
  const fault: FaultToInject = {
    key: '0/0',
    action: 'fail-node',
    cluster: '',
    dueAtMs: Date.now(),
    waitMs: 0,
    soakEndMs: Number.MAX_SAFE_INTEGER,
    site: siteOfFaults(),
    effect: {
      ...effect,
      fire: (...call) => disturbed(() => effect.fire(...call)),
      assert: (...call) => disturbed(() => effect.assert(...call)),
    },
  };
  const { signal } = within();
  await runFaults({
    faults: [fault],
    before: {},
    callBudgetMs: 30_000,
    effectBudgetMs: 60_000,
    undoneBudgetMs: 60_000,
    signal,
    undoSignal: signal,
    onChange: (_, next) => {
      state = next;
      if (after !== undefined && next[after] !== undefined) disturbance ??= meanwhile?.();
    },
  });
  return state;
}

async function podsOn(name: string): Promise<number> {
  const options = { labelSelector: SELECTOR, fieldSelector: `spec.nodeName=${name}`, pick: () => true };
  return (await own.client.list(podsPath(NAMESPACE), options, within())).items.length;
}

const AT = expect.any(Number) as number;

test('the Node with most Pods loses them and is NotReady, and is Ready and takes Pods again afterwards', async () => {
  expect(await run()).toEqual({
    target: 'faulty-n1',
    firedAtMs: AT,
    injectedAtMs: AT,
    assertedAtMs: AT,
    effect: 'node faulty-n1 has the taint belay.dev/failed and no Pod of the campaign, and is NotReady',
    undoBeganAtMs: AT,
    undoneAtMs: AT,
  });
  expect(await podsOn('faulty-n1')).toBe(0);
  expect(await podsOn('faulty-n0')).toBe(1);
  const node = await own.client.get<{ readonly spec: object }>(nodePath('faulty-n1'), within());
  expect(node?.spec).not.toHaveProperty('taints');
});

test('a Node that turns Ready before its time is over fails the action', async () => {
  try {
    expect(await run('assertedAtMs', turnReady)).toMatchObject({
      assertError:
        'its effect was gone before its time was over: node faulty-n1 has the taint belay.dev/failed, but is Ready',
      undoneAtMs: AT,
    });
  } finally {
    await own.cluster.startMissing();
  }
});

test('a Node that was cordoned before is not chosen; if all are, that is the reason', async () => {
  await changeNode('faulty-n1', { unschedulable: true });
  expect(await run()).toMatchObject({ target: 'faulty-n0', undoneAtMs: AT });
  await changeNode('faulty-n0', { unschedulable: true });
  const { fireError } = await run();
  expect(fireError).toMatch(/^(?:every Node with a Pod of this campaign was broken before, e\.g\. node faulty-n\d: )/);
});

test('a Node that is not Ready is not chosen', async () => {
  // kwok would turn it Ready again at once.
  await own.cluster.kill('kwok-controller');
  try {
    const lastHeartbeatTime = new Date().toISOString();
    const conditions = [{ type: 'Ready', status: 'False', reason: 'test', lastHeartbeatTime }];
    const patch = { status: { conditions } };
    await own.client.patch(`${nodePath('faulty-n1')}/status`, 'strategic-merge', patch, within());
    expect(await failNode.choose({}, siteOfFaults(), new Set(), within())).toBe('faulty-n0');
  } finally {
    await own.cluster.startMissing();
  }
});

test.for<[string, keyof FaultState, () => Promise<unknown>, FaultState]>([
  [
    'vanishes before it is broken',
    'firedAtMs',
    () => own.client.delete(nodePath('faulty-n1'), {}, within()),
    { fireError: 'node faulty-n1 does not exist' },
  ],
  [
    'vanishes before its effect is seen',
    'injectedAtMs',
    () => own.client.delete(nodePath('faulty-n1'), {}, within()),
    { assertError: 'its effect was not seen: node faulty-n1 is gone: something else removed it' },
  ],
  [
    'is healed before its effect is seen',
    'injectedAtMs',
    () => changeNode('faulty-n1', { unschedulable: false, taints: [] }),
    {
      assertError: 'its effect was not seen: node faulty-n1 does not have the taint belay.dev/failed',
      undoneAtMs: AT,
    },
  ],
  [
    'is healed before its time is over',
    'assertedAtMs',
    () => changeNode('faulty-n1', { unschedulable: false, taints: [] }),
    {
      assertError:
        'its effect was gone before its time was over: node faulty-n1 does not have the taint belay.dev/failed',
      undoneAtMs: AT,
    },
  ],
])('a target that %s fails the action with that reason', async ([, after, meanwhile, expected]) => {
  expect(await run(after, meanwhile)).toMatchObject({ target: 'faulty-n1', ...expected });
});
