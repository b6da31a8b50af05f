import { expect, test } from 'vitest';
import { clusterIdentity } from '../../../src/adapters/identity/cluster-identity.ts';
import { runningImages, type ImagesRequest } from '../../../src/adapters/identity/running-images.ts';
import type { ClusterClient } from '../../../src/adapters/kube/client.ts';
import type { System } from '../../../src/core/model/system.ts';

const WITHIN = { signal: new AbortController().signal, budgetMs: 1_000 };
const LOAD_PODS = '/api/v1/namespaces/b1/pods?labelSelector=belay.dev%2Fcampaign%3Dc1&limit=500';
const RUNNING = { running: {} };

const SYSTEM: System = {
  metadata: { name: 'sut', description: '' },
  capacity: 'belay',
  install: { manifests: [], processes: [] },
  ready: { crds: [], http: [], timeoutMs: 1_000 },
  scrape: [],
  gates: {},
};
const WITH_CHART: System = {
  ...SYSTEM,
  install: { ...SYSTEM.install, helm: { chart: './chart', release: 'sut', namespace: 'ns', values: {} } },
};

/** A client that answers with these bodies by path; a list without one is empty. */
function scripted(bodies: Readonly<Record<string, unknown>>): Pick<ClusterClient, 'get' | 'list'> {
  return {
    get: <T>(path: string) => Promise.resolve(bodies[path] as T | undefined),
    list: (path, { pick }) => {
      const items = (bodies[path] as readonly unknown[] | undefined) ?? [];
      return Promise.resolve({ items: items.map((item) => pick(item as never)), resourceVersion: '1' });
    },
  };
}

function podsOf(...statuses: readonly object[]): object {
  return { items: [{ status: { containerStatuses: statuses } }] };
}

function imagesIn(bodies: Readonly<Record<string, unknown>>, system = SYSTEM): ReturnType<typeof runningImages> {
  const request: ImagesRequest = { client: scripted(bodies), campaign: 'c1', namespace: 'b1', system };
  return runningImages(request, WITHIN);
}

/** A workload of a Helm release. */
function deployment(release: string, app: string, replicas = 1): object {
  const annotations = { 'meta.helm.sh/release-name': release };
  return {
    metadata: { name: app, namespace: 'ns', annotations },
    spec: { replicas, selector: { matchLabels: { app } } },
  };
}

test('the images of the load are those of its containers that run, with the digest that the cluster reports', async () => {
  const pods = podsOf(
    { image: 'pause:3.10', imageID: 'pause@sha256:aa', state: RUNNING },
    { image: 'pause:3.10', imageID: '', state: RUNNING },
    { image: 'late:1', imageID: '', state: { waiting: {} } },
  );
  expect(await imagesIn({ [LOAD_PODS]: pods })).toEqual([
    { of: 'load', image: 'pause:3.10', imageId: 'none' },
    { of: 'load', image: 'pause:3.10', imageId: 'pause@sha256:aa' },
  ]);
});

test('the images of the system are those of the workloads of its release, and of no other', async () => {
  const load = podsOf({ image: 'pause:3.10', state: RUNNING });
  const system = podsOf({ image: 'sut:1', imageID: 'sut@sha256:bb', state: RUNNING });
  const bodies = {
    [LOAD_PODS]: load,
    '/apis/apps/v1/namespaces/ns/deployments': [
      deployment('sut', 'manager'),
      deployment('other', 'stranger'),
      deployment('sut', 'off', 0),
    ],
    '/api/v1/namespaces/ns/pods?labelSelector=app%3Dmanager&limit=500': system,
  };
  expect(await imagesIn(bodies, WITH_CHART)).toEqual([
    { of: 'load', image: 'pause:3.10', imageId: 'none' },
    { of: 'system', image: 'sut:1', imageId: 'sut@sha256:bb' },
  ]);
});

test('images that cannot be seen are an error, not an empty list', async () => {
  await expect(imagesIn({})).rejects.toThrow('no container of the load was running');
  const bodies = {
    [LOAD_PODS]: podsOf({ image: 'pause:3.10', state: RUNNING }),
    '/apis/apps/v1/namespaces/ns/deployments': [deployment('sut', 'manager')],
  };
  await expect(imagesIn(bodies, WITH_CHART)).rejects.toThrow(
    "no container of the system's workload manager was running",
  );
});

test('a borrowed cluster is identified by its server and by the kinds of its Nodes', async () => {
  const nodeInfo = {
    kubeletVersion: 'v1.37.2',
    kernelVersion: '6.1',
    osImage: 'Debian 13',
    containerRuntimeVersion: 'containerd://2.1',
    architecture: 'amd64',
  };
  const client = scripted({
    '/version': { gitVersion: 'v1.37.2', platform: 'linux/amd64' },
    '/api/v1/nodes': [{ status: { nodeInfo } }, { status: { nodeInfo } }, { status: { nodeInfo: { osImage: '' } } }],
  });
  const version = { version: 'v1.37.2', platform: 'linux/amd64', count: 1 };
  expect(await clusterIdentity(client, false, WITHIN)).toEqual({ ...version, nodes: [] });
  const real = { kubelet: 'v1.37.2', kernel: '6.1', osImage: 'Debian 13', runtime: 'containerd://2.1' };
  const played = { kubelet: 'none', kernel: 'none', osImage: 'none', runtime: 'none', architecture: 'none' };
  expect(await clusterIdentity(client, true, WITHIN)).toEqual({
    ...version,
    nodes: [{ ...real, architecture: 'amd64' }, played],
  });
});
