import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { discoverAll } from '../../../src/adapters/kube/api-resources.ts';
import type { ClusterClient, ObjectMeta } from '../../../src/adapters/kube/client.ts';
import { ensureNamespace } from '../../../src/adapters/kube/namespace.ts';
import { removeCampaign } from '../../../src/adapters/kube/remove-campaign.ts';
import { ownershipLabels } from '../../../src/core/plan/labels.ts';
import { clusterOfFile } from '../../cluster-of-file.ts';
import { eventually } from '../eventually.ts';
import { within } from './test-load.ts';

const own = clusterOfFile();

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const DEAD = { url: 'https://127.0.0.1:9/', caBundle: '' };
const FOREIGN = 'cloud.example.net/machine';

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** Makes an object, which is deleted after the test. */
async function make(path: string, object: object): Promise<string> {
  await own.client.create(path, JSON.stringify(object), within());
  const made = `${path}/${(object as { metadata: { name: string } }).metadata.name}`;
  undo.push(() => own.client.delete(made, { gracePeriodSeconds: 0 }, within()));
  return made;
}

/** Namespace, Node and ConfigMap of a campaign, each perhaps with a finalizer. @returns their paths */
async function campaignObjects(campaign: string, finalizers: readonly string[] = []): Promise<readonly string[]> {
  const labels = ownershipLabels({ campaign, stage: 'seed', expiresAtMs: Date.now() });
  await ensureNamespace(own.client, campaign, labels, within());
  const metadata = { name: campaign, labels, ...(finalizers.length === 0 ? {} : { finalizers }) };
  await own.client.create('/api/v1/nodes', JSON.stringify({ metadata: { name: campaign, labels } }), within());
  await own.client.create(CONFIG_MAPS, JSON.stringify({ metadata }), within());
  return [`/api/v1/namespaces/${campaign}`, `/api/v1/nodes/${campaign}`, `${CONFIG_MAPS}/${campaign}`];
}

async function there(paths: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(paths.map((path) => own.client.get<{ metadata: ObjectMeta }>(path, within())));
  return paths.filter((_, index) => found[index] !== undefined);
}

async function setFinalizers(path: string, finalizers: readonly string[] | null): Promise<void> {
  await own.client.patch(path, 'merge', { metadata: { finalizers } }, within());
}

/** A version of a CRD that takes any object. */
function version(name: string, storage: boolean): object {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return { name, served: true, storage, schema };
}

/** A CRD with an object in an old version, and a conversion webhook that is dead. */
async function deadConversion(): Promise<void> {
  const names = { kind: 'Gizmo', plural: 'gizmos' };
  const spec = { group: 'dead.example.com', names, scope: 'Cluster' };
  const crd = await make(CRDS, {
    metadata: { name: 'gizmos.dead.example.com' },
    spec: { ...spec, versions: [version('v1', true)] },
  });
  const gizmos = '/apis/dead.example.com/v1/gizmos';
  const gizmo = { apiVersion: 'dead.example.com/v1', kind: 'Gizmo', metadata: { name: 'old' } };
  await eventually(async () => {
    await own.client.create(gizmos, JSON.stringify(gizmo), { ...within(), budgetMs: 1_000 }).catch(() => undefined);
    return (await own.client.get(`${gizmos}/old`, within())) !== undefined;
  });
  const conversion = {
    strategy: 'Webhook',
    webhook: { conversionReviewVersions: ['v1'], clientConfig: { url: DEAD.url } },
  };
  const converting = { ...spec, conversion, versions: [version('v1', false), version('v2', true)] };
  await own.client.patch(crd, 'merge', { spec: converting }, within());
  undo.push(() =>
    own.client.patch(crd, 'merge', { spec: { conversion: { strategy: 'None', webhook: null } } }, within()),
  );
  await eventually(async () => {
    const { status } = await own.client.ask({ method: 'GET', path: '/apis/dead.example.com/v2/gizmos' }, within());
    return status === 429 || status === 500;
  });
}

/** An API group whose own server is dead. */
async function deadGroup(): Promise<void> {
  await make('/api/v1/namespaces/default/services', {
    metadata: { name: 'nowhere' },
    spec: { type: 'ExternalName', externalName: '127.0.0.1' },
  });
  await make(API_SERVICES, {
    metadata: { name: 'v1.metrics.example.com' },
    spec: {
      group: 'metrics.example.com',
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { name: 'nowhere', namespace: 'default', port: 9 },
    },
  });
  await eventually(async () =>
    (await discoverAll(own.client, within())).unknown.some((line) => line.startsWith('metrics.example.com/v1')),
  );
}

test('a campaign is removed where a kind cannot be converted and an API group does not answer, and both are named', async () => {
  await deadConversion();
  await deadGroup();
  const paths = await campaignObjects('broken');
  const request = { campaign: 'broken', controllersGone: true, onProgress: () => {} };
  const removal = await removeCampaign(own.client, request, within(60_000));
  expect(removal.left).toEqual([]);
  expect(await there(paths)).toEqual([]);
  expect(removal.unsearched).toHaveLength(2);
  expect(removal.unsearched).toContainEqual(expect.stringMatching(/^metrics\.example\.com\/v1: /));
  expect(removal.unsearched).toContainEqual(
    expect.stringMatching(
      /^gizmos\.dead\.example\.com cannot be listed: .*conversion webhook of Gizmo in dead\.example\.com\/v1 does not answer/,
    ),
  );
  // What the campaign's system has brought is not passed over.
  const brought = ['gizmos.dead.example.com'];
  const again = await removeCampaign(own.client, { campaign: 'broken', brought, onProgress: () => {} }, within(1_000));
  expect(again.left).toEqual([expect.stringMatching(/^gizmos\.dead\.example\.com cannot be listed: /)]);
});

test.each([
  ['a controller', ['v1', 'of a controller that needs its time is waited for']],
  ['nobody', ['v2', 'of nobody stays, with the object, which is named; all else goes']],
])('a finalizer that is not the campaign’s, of %s, is never taken off', async (who, [campaign = '']) => {
  const paths = await campaignObjects(campaign, [FOREIGN]);
  const [, , held = ''] = paths;
  undo.push(() => setFinalizers(held, null));
  const took: string[] = [];
  const controller = async (): Promise<void> => {
    await eventually(async () => {
      const found = await own.client.get<{ metadata: ObjectMeta }>(held, within());
      return found?.metadata.deletionTimestamp !== undefined;
    });
    await sleep(3_000);
    took.push(...((await own.client.get<{ metadata: ObjectMeta }>(held, within()))?.metadata.finalizers ?? []));
    await setFinalizers(held, null);
  };
  const running = who === 'nobody' ? Promise.resolve() : controller();
  const request = { campaign, controllersGone: true, onProgress: () => {} };
  const removal = await removeCampaign(own.client, request, within(who === 'nobody' ? 6_000 : 60_000));
  await running;
  if (who === 'nobody') {
    expect(removal.left).toContain(`configmaps default/${campaign} (finalizer ${FOREIGN})`);
    expect(await there(paths)).toContain(held);
    expect(await there(paths)).not.toContain(`/api/v1/nodes/${campaign}`);
  } else {
    expect(removal.left).toEqual([]);
    // It was there until its controller took it off.
    expect(took).toEqual([FOREIGN]);
  }
});

test('a finalizer that the system’s file allows is taken off once its controllers are gone, and no other one', async () => {
  const paths = await campaignObjects('allowed', ['system.example.com/end', FOREIGN]);
  const held = paths[2] ?? '';
  undo.push(() => setFinalizers(held, null));
  const finalizers = ['system.example.com/end'];
  const request = { campaign: 'allowed', finalizers, controllersGone: true, onProgress: () => {} };
  const removal = await removeCampaign(own.client, request, within(3_000));
  expect(removal.left).toContain(`configmaps default/allowed (finalizer ${FOREIGN})`);
});

test('a server that does not aggregate its discovery tells the same', async () => {
  const plain = {
    request: ({ accept: _accept, ...request }: Parameters<ClusterClient['request']>[0], limits: never) =>
      own.client.request(request, limits),
    ask: own.client.ask.bind(own.client),
  } as unknown as ClusterClient;
  const [whole, single] = [await discoverAll(own.client, within()), await discoverAll(plain, within())];
  const names = ({ resources }: typeof whole): readonly string[] =>
    resources
      .map(({ group, version, plural, kind, namespaced, verbs }) =>
        JSON.stringify([group, version, plural, kind, namespaced, verbs.toSorted()]),
      )
      .toSorted();
  expect(single.unknown).toEqual([]);
  expect(names(single)).toEqual(names(whole));
  expect(names(whole).length).toBeGreaterThan(50);
});
