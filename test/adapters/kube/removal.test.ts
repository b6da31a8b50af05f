import { expect, test } from 'vitest';
import { applyManifests } from '../../../src/adapters/kube/apply.ts';
import type { Manifest } from '../../../src/adapters/kube/apply.ts';
import type { ObjectMeta } from '../../../src/adapters/kube/client.ts';
import { KubeError } from '../../../src/adapters/kube/kube-error.ts';
import { removeCampaign } from '../../../src/adapters/kube/remove-campaign.ts';
import { runArrivals } from '../../../src/adapters/kube/run-arrivals.ts';
import type { Ownership } from '../../../src/core/plan/labels.ts';
import { clusterOfFile } from '../../cluster-of-file.ts';
import { mixedCatalogue, mixedRows } from '../../core/plan/catalogue-samples.ts';
import { makeLoad, within } from './test-load.ts';

const own = clusterOfFile();

const WIDGETS = '/apis/example.com/v1/widgets';

function ownerOf(campaign: string): Ownership {
  return { campaign, stage: 'install', expiresAtMs: Date.now() + 3_600_000 };
}

/** A kind of object and one of it, as a system under test would bring them. */
function widgets(group = 'example.com'): readonly Manifest[] {
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      names: { kind: 'Widget', plural: 'widgets' },
      scope: 'Cluster',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };
  const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'first' } };
  return [crd, widget];
}

function configMap(value: string): Manifest & { readonly data: unknown } {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { value } };
}

test('manifests are applied, again without effect; a kind is waited for until its CRD is served', async () => {
  const options = { owner: ownerOf('applied'), defaultNamespace: 'default' };
  expect(await applyManifests(own.client, widgets(), options, within())).toMatchObject([
    { what: 'CustomResourceDefinition widgets.example.com', outcome: 'created' },
    { what: 'Widget first', outcome: 'created' },
  ]);
  expect((await applyManifests(own.client, widgets(), options, within())).map(({ outcome }) => outcome)).toEqual([
    'updated',
    'updated',
  ]);
  const widget = await own.client.get<{ metadata: ObjectMeta }>(`${WIDGETS}/first`, within());
  expect(widget?.metadata.labels).toMatchObject({ 'belay.dev/campaign': 'applied', 'belay.dev/stage': 'install' });
  expect(await removeCampaign(own.client, { campaign: 'applied', onProgress: () => {} }, within())).toMatchObject({
    left: [],
  });
  expect(
    await own.client.get('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com', within()),
  ).toBeUndefined();
});

test('an object that is somebody else’s is neither changed nor removed', async () => {
  const path = '/api/v1/namespaces/default/configmaps';
  await own.client.create(path, JSON.stringify(configMap('theirs')), within());
  const options = { owner: ownerOf('polite'), defaultNamespace: 'default' };
  expect(await applyManifests(own.client, [configMap('ours')], options, within())).toMatchObject([
    { what: 'ConfigMap settings', outcome: 'foreign' },
  ]);
  await removeCampaign(own.client, { campaign: 'polite', onProgress: () => {} }, within());
  expect(await own.client.get(`${path}/settings`, within())).toMatchObject({ data: { value: 'theirs' } });
});

test('a kind that nobody serves is named', async () => {
  const gadget = { apiVersion: 'example.com/v1', kind: 'Gadget', metadata: { name: 'g' } };
  const options = { owner: ownerOf('nobody'), defaultNamespace: 'default' };
  await expect(applyManifests(own.client, [gadget], options, within(500))).rejects.toThrow(
    /Gadget g: .* does not serve example.com\/v1 Gadget after \d+ ms/,
  );
});

test('a campaign is removed whole, whoever should have honoured its finalizers is dead, and nothing of anybody else', async () => {
  const load = await makeLoad(own.client, { slug: 'gone', catalogue: mixedCatalogue, rows: mixedRows, count: 120 });
  const others = await makeLoad(own.client, { slug: 'stays', catalogue: mixedCatalogue, rows: mixedRows, count: 20 });
  for (const each of [load, others]) {
    await runArrivals({
      ...each,
      offsetsMs: Array.from({ length: each.count }, () => 0),
      startAtMs: Date.now(),
      fromIndex: 0,
      parallel: 32,
      callBudgetMs: 30_000,
      signal: within().signal,
      onLate: () => undefined,
      onProgress: () => {},
    });
  }
  await applyManifests(own.client, widgets(), { owner: ownerOf('gone'), defaultNamespace: 'gone' }, within());
  // As a controller would: an object without our label, with a finalizer, and a Node that belongs to it.
  const claim = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'claim', finalizers: ['example.com/keep'] },
  };
  await own.client.create(WIDGETS, JSON.stringify(claim), within());
  const { uid } = (await own.client.get<{ metadata: ObjectMeta }>(`${WIDGETS}/claim`, within()))?.metadata ?? {
    uid: '',
  };
  const owned = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'owned',
      finalizers: ['example.com/drain'],
      ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'claim', uid }],
    },
  };
  await own.client.create('/api/v1/nodes', JSON.stringify(owned), within());

  // A removal that has no time leaves something, or does not even get an answer.
  const hurried = await removeCampaign(own.client, { campaign: 'gone', onProgress: () => {} }, within(1)).catch(
    (cause: unknown) => cause,
  );
  if (!(hurried instanceof KubeError)) expect(hurried).toMatchObject({ left: { length: expect.any(Number) } });
  expect(await own.client.get('/api/v1/nodes/owned', within())).toBeDefined();
  const seen: number[] = [];
  const removal = await removeCampaign(
    own.client,
    { campaign: 'gone', controllersGone: true, onProgress: (left) => seen.push(left) },
    within(30_000),
  );
  expect(removal.left).toEqual([]);
  expect(seen.at(-1)).toBe(0);

  const names = async (path: string): Promise<readonly string[]> =>
    (
      await own.client.list(
        path,
        { metadataOnly: true, pick: ({ metadata }: { metadata: ObjectMeta }) => metadata.name },
        within(),
      )
    ).items;
  expect(await names('/api/v1/nodes')).toEqual(others.ground.nodes.map(({ name }) => name).toSorted());
  expect(await names('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases')).not.toContain(
    load.ground.nodes[0]?.name,
  );
  expect((await names('/api/v1/namespaces')).filter((name) => ['gone', 'stays'].includes(name))).toEqual(['stays']);
  expect(await names('/api/v1/pods')).toHaveLength(20);
  expect(await removeCampaign(own.client, { campaign: 'gone', onProgress: () => {} }, within())).toEqual({
    removed: 0,
    left: [],
    unsearched: [],
  });
});

test('what a controller made for an object of a campaign goes with it, where the CRD was there before, also after a cut', async () => {
  const group = 'example.org';
  const path = `/apis/${group}/v1/widgets`;
  const [crd, first] = widgets(group) as [Manifest, Manifest];
  await own.client.create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', JSON.stringify(crd), within());
  await applyManifests(own.client, [first], { owner: ownerOf('lent'), defaultNamespace: 'default' }, within());
  const uidOf = async (name: string): Promise<string> =>
    (await own.client.get<{ metadata: ObjectMeta }>(`${path}/${name}`, within()))?.metadata.uid ?? '';
  const owned = async (name: string, owner: string): Promise<object> => ({
    name,
    finalizers: [`${group}/keep`],
    ownerReferences: [
      { apiVersion: `${group}/v1`, kind: 'Widget', name: owner, uid: await uidOf(owner), blockOwnerDeletion: true },
    ],
  });
  const make = async (kind: 'Widget' | 'Node', metadata: object): Promise<void> => {
    const apiVersion = kind === 'Node' ? 'v1' : `${group}/v1`;
    const body = JSON.stringify({ apiVersion, kind, metadata });
    await own.client.create(kind === 'Node' ? '/api/v1/nodes' : path, body, within());
  };
  await make('Widget', await owned('claim', 'first'));
  await make('Node', await owned('of-claim', 'claim'));
  await make('Widget', { name: 'theirs' });
  await make('Node', await owned('of-theirs', 'theirs'));

  const cut = new AbortController();
  let rounds = 0;
  const onProgress = (): void => {
    rounds += 1;
    if (rounds === 2) cut.abort(new Error('cut off'));
  };
  await expect(
    removeCampaign(own.client, { campaign: 'lent', onProgress }, { ...within(20_000), signal: cut.signal }),
  ).rejects.toThrow('cut off');
  const removal = await removeCampaign(
    own.client,
    { campaign: 'lent', finalizers: [`${group}/keep`], controllersGone: true, onProgress: () => {} },
    within(15_000),
  );

  expect(removal.left).toEqual([]);
  for (const gone of [`${path}/first`, `${path}/claim`, '/api/v1/nodes/of-claim']) {
    expect(await own.client.get(gone, within())).toBeUndefined();
  }
  for (const there of [`${path}/theirs`, '/api/v1/nodes/of-theirs']) {
    const { metadata } = (await own.client.get<{ metadata: ObjectMeta }>(there, within())) ?? {};
    expect(metadata).toMatchObject({ uid: expect.any(String) as unknown });
    expect(metadata?.deletionTimestamp).toBeUndefined();
  }
});
