import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { connectCluster, type ClusterClient } from '../../../src/adapters/kube/client.ts';
import { podsPath } from '../../../src/adapters/kube/slot-book.ts';
import { FAILED_TAINT } from '../../../src/core/plan/labels.ts';
import { startCluster, type TestCluster } from '../../cluster.ts';
import { within } from '../kube/test-load.ts';

const WAIT = { timeout: 60_000, interval: 50 };
const CONTAINER = { name: 'load', image: 'registry.k8s.io/pause:3.10' };

let cluster: TestCluster;
let client: ClusterClient;

beforeAll(async () => {
  cluster = await startCluster({ configuredBy: 'belay' });
  client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath });
});
afterAll(async () => {
  await client?.close();
  await cluster?.remove();
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

interface NodeObject {
  readonly spec: { readonly taints?: readonly { readonly key: string; readonly effect: string }[] };
  readonly status: {
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly type: string; readonly address: string }[];
    readonly capacity?: object;
    readonly allocatable?: object;
    readonly nodeInfo: { readonly kubeletVersion: string; readonly architecture: string };
  };
}

interface PodObject {
  readonly status: {
    readonly phase: string;
    readonly podIP?: string;
    readonly hostIP?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly object[];
    readonly initContainerStatuses?: readonly object[];
  };
}

async function createNode(name: string, status: object = {}): Promise<void> {
  await client.create('/api/v1/nodes', JSON.stringify({ metadata: { name }, status }), within());
}

async function node(name: string): Promise<NodeObject> {
  const found = await client.get<NodeObject>(`/api/v1/nodes/${name}`, within());
  if (found === undefined) throw new Error(`node ${name} is gone`);
  return found;
}

function ready({ status }: { readonly status: { readonly conditions?: readonly Condition[] } }): string | undefined {
  return status.conditions?.find(({ type }) => type === 'Ready')?.status;
}

async function readyNode(name: string): Promise<NodeObject> {
  return await vi.waitFor(async () => {
    const found = await node(name);
    expect(ready(found)).toBe('True');
    expect(found.spec.taints ?? []).toEqual([]);
    return found;
  }, WAIT);
}

async function setTaints(name: string, taints: readonly object[]): Promise<void> {
  await client.patch(`/api/v1/nodes/${name}`, 'merge', { spec: { taints } }, within());
}

test('a Node that states nothing turns Ready with room, addresses and system information', async () => {
  await createNode('bare');
  const { status } = await readyNode('bare');
  expect(status.conditions?.map(({ type, status: value }) => `${type}=${value}`).toSorted()).toEqual([
    'DiskPressure=False',
    'MemoryPressure=False',
    'NetworkUnavailable=False',
    'PIDPressure=False',
    'Ready=True',
  ]);
  expect(status.capacity).toEqual({ cpu: '1k', memory: '1Ti', pods: '1M' });
  expect(status.allocatable).toEqual(status.capacity);
  expect(status.addresses).toContainEqual({ type: 'Hostname', address: 'localhost' });
  expect(status.nodeInfo).toMatchObject({ architecture: 'amd64', kubeletVersion: 'kwok' });
});

test('what a Node states about itself stays', async () => {
  const stated = {
    capacity: { cpu: '8', memory: '16Gi', pods: '10' },
    allocatable: { cpu: '7', memory: '15Gi', pods: '9' },
    addresses: [{ type: 'InternalIP', address: '192.0.2.7' }],
    nodeInfo: { architecture: 'arm64' },
  };
  await createNode('stated', stated);
  const { status } = await readyNode('stated');
  expect(status).toMatchObject({ ...stated, nodeInfo: { architecture: 'arm64', kubeletVersion: 'kwok' } });
});

test('a Node with the taint of a fault is NotReady until the taint is gone; no other taint does that', async () => {
  await createNode('failed');
  await readyNode('failed');
  await setTaints('failed', [{ key: 'other', effect: 'NoSchedule' }]);
  await setTaints('failed', [{ key: FAILED_TAINT, value: 'true', effect: 'NoExecute' }]);
  await vi.waitFor(async () => expect(ready(await node('failed'))).toBe('Unknown'), WAIT);
  // The controller-manager takes it for a Node whose kubelet is dead.
  await vi.waitFor(
    async () =>
      expect((await node('failed')).spec.taints).toContainEqual(
        expect.objectContaining({ key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }),
      ),
    WAIT,
  );
  // Any change of the Node makes kwok look at it again.
  await client.patch('/api/v1/nodes/failed', 'merge', { metadata: { annotations: { looked: 'again' } } }, within());
  expect(ready(await node('failed'))).toBe('Unknown');
  expect((await node('failed')).status.conditions).toContainEqual(
    expect.objectContaining({ type: 'Ready', reason: 'NodeStatusUnknown' }),
  );

  const { taints = [] } = (await node('failed')).spec;
  await setTaints(
    'failed',
    taints.filter(({ key }) => key !== FAILED_TAINT),
  );
  await readyNode('failed');
});

test('a Node that was tainted before it was Ready is not left Ready', async () => {
  await client.create(
    '/api/v1/nodes',
    JSON.stringify({
      metadata: { name: 'born-failed' },
      spec: { taints: [{ key: FAILED_TAINT, value: 'true', effect: 'NoExecute' }] },
    }),
    within(),
  );
  await createNode('after-it');
  await readyNode('after-it');
  expect(ready(await node('born-failed'))).not.toBe('True');
});

async function createPod(name: string, spec: object): Promise<PodObject> {
  const pod = { metadata: { name }, spec: { nodeName: 'pods', containers: [CONTAINER], ...spec } };
  await client.create(podsPath('default'), JSON.stringify(pod), within());
  return await vi.waitFor(async () => {
    const found = await client.get<PodObject>(`${podsPath('default')}/${name}`, within());
    if (found === undefined) throw new Error(`pod ${name} is gone`);
    expect(found.status.phase).not.toBe('Pending');
    return found;
  }, WAIT);
}

test('a bound Pod runs, with addresses, its init containers and readiness gates; a deleted one is gone', async () => {
  await createNode('pods', { addresses: [{ type: 'InternalIP', address: '192.0.2.8' }] });
  await readyNode('pods');
  const { status } = await createPod('whole', {
    initContainers: [
      { ...CONTAINER, name: 'setup' },
      { ...CONTAINER, name: 'sidecar', restartPolicy: 'Always' },
    ],
    readinessGates: [{ conditionType: 'example.com/gate' }],
  });
  expect(status).toMatchObject({ phase: 'Running', hostIP: '192.0.2.8' });
  expect(status.podIP).toMatch(/^10\./);
  for (const type of ['Initialized', 'ContainersReady', 'Ready', 'example.com/gate']) {
    expect(status.conditions).toContainEqual(expect.objectContaining({ type, status: 'True' }));
  }
  expect(status.containerStatuses).toMatchObject([{ name: 'load', ready: true, state: { running: {} } }]);
  expect(status.initContainerStatuses).toMatchObject([
    { name: 'setup', state: { terminated: { exitCode: 0 } } },
    { name: 'sidecar', state: { running: {} } },
  ]);
  const onHost = await createPod('on-host', { hostNetwork: true });
  expect(onHost.status.podIP).toBe('192.0.2.8');

  await client.delete(`${podsPath('default')}/whole`, {}, within());
  await vi.waitFor(
    async () => expect(await client.get(`${podsPath('default')}/whole`, within())).toBeUndefined(),
    WAIT,
  );
});

test('the Pod of a Job succeeds', async () => {
  const jobs = '/apis/batch/v1/namespaces/default/jobs';
  const template = { spec: { nodeName: 'pods', restartPolicy: 'Never', containers: [CONTAINER] } };
  await client.create(jobs, JSON.stringify({ metadata: { name: 'work' }, spec: { template } }), within());
  await vi.waitFor(async () => {
    const job = await client.get<{ readonly status: object }>(`${jobs}/work`, within());
    expect(job?.status).toMatchObject({ succeeded: 1 });
  }, WAIT);
});

test('a kwok that was restarted plays the Nodes and Pods that the dead one played', async () => {
  await cluster.kill('kwok-controller');
  await cluster.startMissing();
  // With leases it would have to wait until those of the dead one have expired.
  expect((await createPod('after-restart', {})).status.phase).toBe('Running');
  await setTaints('pods', [{ key: FAILED_TAINT, value: 'true', effect: 'NoSchedule' }]);
  await vi.waitFor(async () => expect(ready(await node('pods'))).toBe('Unknown'), WAIT);
});
