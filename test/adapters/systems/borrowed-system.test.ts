import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiextensionsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { installSystem, removeSystem } from '../../../src/adapters/systems/install-system.ts';
import type { SystemRequest } from '../../../src/adapters/systems/install-system.ts';
import { testCampaign, testHome } from '../substrates/local-campaign.ts';
import type { TestCampaign, TestHome } from '../substrates/local-campaign.ts';

let home: TestHome;
let campaign: TestCampaign;
let request: SystemRequest;
let config: KubeConfig;

beforeAll(async () => {
  home = testHome();
  campaign = await testCampaign('lent');
  const [cluster] = (await campaign.provision(1)) as [ClusterRecord];
  config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfigPath);
  const systemFolder = join(home.folder, 'systems');
  mkdirSync(join(systemFolder, 'parts'), { recursive: true });
  // By name: the object of the CRD's kind comes right after the CRD, before it can be served.
  writeFileSync(join(systemFolder, 'parts', '1.yaml'), CRD);
  writeFileSync(join(systemFolder, 'parts', '2.yaml'), OBJECTS);
  writeFileSync(join(systemFolder, 'parts', 'notes.txt'), 'not a manifest');
  request = {
    spec: {
      campaign: 'test-lent',
      slug: 'lent',
      deadlines: { budgets: { apiCallMs: 20_000, systemReadyMs: 30_000, processStopMs: 5_000 } },
    },
    system: {
      metadata: { name: 'rocks', description: '' },
      capacity: 'belay',
      install: { manifests: [{ path: 'parts' }], processes: [] },
      ready: { crds: ['rocks.test.belay.dev'], http: [], timeoutMs: 30_000 },
      scrape: [],
      gates: {},
    },
    systemFolder,
    // A cluster of our own, used as if it were borrowed.
    cluster: { ...cluster, owned: false },
    tools: new Map(),
    signal: AbortSignal.timeout(90_000),
  };
});

afterAll(async () => {
  await campaign.close();
  home.close();
});

test('a system is installed into a borrowed cluster, again without a change, and taken out of it whole', async () => {
  const core = config.makeApiClient(CoreV1Api);
  await core.createNamespacedConfigMap({ namespace: 'default', body: { metadata: { name: 'house' } } });
  const steps: string[] = [];
  await installSystem({ ...request, onProgress: (step) => steps.push(step) });
  await installSystem({ ...request, onProgress: () => undefined });
  expect(steps.filter((step) => step.endsWith(' applied'))).toHaveLength(4);
  const maps = async (): Promise<unknown[]> => {
    const { items } = await core.listNamespacedConfigMap({ namespace: 'default' });
    return items.map((each) => each.metadata?.name).filter((name) => name !== 'kube-root-ca.crt');
  };
  expect(await maps()).toEqual(['guest', 'house']);

  // A queue has to be where the Pods of the load will be.
  expect((await core.readNamespacedConfigMap({ namespace: 'lent', name: 'queue' })).data).toEqual({ a: 'queue' });

  await removeSystem({ ...request, budgetMs: 20_000 });
  await removeSystem({ ...request, budgetMs: 20_000 });

  expect(await maps()).toEqual(['house']);
  expect((await config.makeApiClient(ApiextensionsV1Api).listCustomResourceDefinition()).items).toEqual([]);
});

test('an object that somebody else made under the same name is not touched, and stops the installation', async () => {
  const core = config.makeApiClient(CoreV1Api);
  await core.createNamespacedConfigMap({
    namespace: 'default',
    body: { metadata: { name: 'guest' }, data: { a: 'theirs' } },
  });

  const install = installSystem({ ...request, onProgress: () => undefined });

  await expect(install).rejects.toThrow(/ConfigMap.*guest exists already in lent-c0 and was not made by this campaign/);
  await removeSystem({ ...request, budgetMs: 20_000 });
  expect((await core.readNamespacedConfigMap({ namespace: 'default', name: 'guest' })).data).toEqual({ a: 'theirs' });
});

test.each([
  ['../outside.yaml', undefined, /leads out of/],
  [
    'x.yaml',
    'github.com/nobody/nothing',
    /module github.com\/nobody\/nothing has no files in the toolchain; allowed: sigs/,
  ],
  ['missing.yaml', undefined, /missing\.yaml/],
])('a manifest that cannot be had is named: %s', async (path, module, message) => {
  const manifest = { path, ...(module === undefined ? {} : { module }) };
  const system = { ...request.system, install: { manifests: [manifest], processes: [] } };
  await expect(installSystem({ ...request, system, onProgress: () => undefined })).rejects.toThrow(message);
});

const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: rocks.test.belay.dev }
spec:
  group: test.belay.dev
  scope: Cluster
  names: { kind: Rock, plural: rocks }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object } }
`;

const OBJECTS = `apiVersion: test.belay.dev/v1
kind: Rock
metadata: { name: one }
---
---
apiVersion: v1
kind: ConfigMap
metadata: { name: guest }
data: { a: ours }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: queue, namespace: '\${namespace}' }
data: { a: queue }
`;
