import { afterEach, expect, test } from 'vitest';
import { discoverAll } from '../../../src/adapters/kube/api-resources.ts';
import { removeCampaign } from '../../../src/adapters/kube/remove-campaign.ts';
import { LABELS } from '../../../src/core/plan/labels.ts';
import { scriptedApi, type ScriptedApi } from './scripted-api.ts';
import { within } from './test-load.ts';

/**
 * An API server of others behind a borrowed cluster's (aggregated API): the cluster's owner may have it from anybody. It serves one kind, and
 * answers to its list as it likes.
 */

const THINGS = '/apis/strange.example.com/v1/things';
const LABELLED = { [LABELS.campaign]: 'mine' };

let api: ScriptedApi | undefined;
afterEach(async () => await api?.close());

/** A cluster with the kind `things` of others, whose server lists these. Deletes and patches take them away. */
async function listing(items: readonly unknown[], plural = 'things'): Promise<ScriptedApi> {
  const left = new Set(items);
  api = await scriptedApi((request, response) => {
    const [path = ''] = (request.url ?? '').split('?');
    response.setHeader('content-type', 'application/json');
    if (request.method !== 'GET') {
      left.clear();
      return response.end('{}');
    }
    if (path === '/api') return response.end(JSON.stringify({ kind: 'APIVersions', versions: [] }));
    if (path === '/apis') {
      const resource = { resource: plural, scope: 'Cluster', verbs: ['list', 'delete'] };
      const groups = [
        { metadata: { name: 'strange.example.com' }, versions: [{ version: 'v1', resources: [resource] }] },
      ];
      return response.end(JSON.stringify({ kind: 'APIGroupDiscoveryList', items: groups }));
    }
    const found = path === THINGS ? [...left] : [];
    return response.end(JSON.stringify({ items: found, metadata: { resourceVersion: '1' } }));
  });
  return api;
}

function swept({ client }: ScriptedApi): ReturnType<typeof removeCampaign> {
  const request = { campaign: 'mine', onProgress: () => undefined };
  return removeCampaign(client, request, { ...within(), budgetMs: 1_000 });
}

function changes({ seen }: ScriptedApi): readonly string[] {
  return seen.filter((request) => !request.startsWith('GET '));
}

test('a server that knows no selectors loses nothing that is not labelled', async () => {
  const all = await listing([
    { metadata: { name: 'theirs', uid: 'u1' } },
    { metadata: { name: 'others', uid: 'u2', labels: { [LABELS.campaign]: 'another' } } },
    { metadata: { name: 'ours', uid: 'u3', labels: LABELLED } },
  ]);
  expect(await swept(all)).toEqual({ removed: 1, left: [], unsearched: [] });
  expect(changes(all)).toEqual([`DELETE ${THINGS}/ours`]);
});

test('fields that are written as null are absent', async () => {
  const absent = { namespace: null, deletionTimestamp: null, ownerReferences: null, finalizers: null };
  const all = await listing([{ metadata: { name: 'ours', uid: 'u1', labels: LABELLED, ...absent } }]);
  expect(await swept(all)).toEqual({ removed: 1, left: [], unsearched: [] });
  expect(changes(all)).toEqual([`DELETE ${THINGS}/ours`]);
});

test.each([
  [
    'a name that leads elsewhere',
    { metadata: { name: '../../../../api/v1/namespaces/prod', uid: 'u', labels: LABELLED } },
  ],
  ['a name that a proxy would resolve', { metadata: { name: '%2e%2e', uid: 'u', labels: LABELLED } }],
  ['a namespace that leads elsewhere', { metadata: { name: 'a', namespace: '..', uid: 'u', labels: LABELLED } }],
  ['no name', { metadata: { uid: 'u', labels: LABELLED } }],
  ['no uid', { metadata: { name: 'a', labels: LABELLED } }],
  ['no metadata', {}],
  ['metadata that are none', { metadata: 7 }],
  ['labels that are none', { metadata: { name: 'a', uid: 'u', labels: null } }],
])('an object with %s is deleted by no request, and keeps the sweep of nothing else', async (what, item) => {
  const strange = await listing([item]);
  const { removed, left, unsearched } = await swept(strange);
  expect({ removed, left }).toEqual({ removed: 0, left: [] });
  if (/^(labels|metadata that)/.test(what)) expect(unsearched).toEqual([]);
  else
    expect(unsearched).toEqual([
      expect.stringMatching(
        /^things\.strange\.example\.com cannot be listed: GET .*: an object of the list cannot be read: /,
      ),
    ]);
  expect(changes(strange)).toEqual([]);
});

test('a name with every sign that Kubernetes allows is one part of the path', async () => {
  const name = 'system:a b?c#d&e=f@g+ü';
  const signs = await listing([{ metadata: { name, uid: 'u', labels: LABELLED } }]);
  expect(await swept(signs)).toMatchObject({ removed: 1, left: [] });
  expect(changes(signs)).toEqual([`DELETE ${THINGS}/system:a%20b%3Fc%23d&e=f@g+%C3%BC`]);
});

test.each(['../../api/v1/namespaces', 'things/status', '..', '', 'a b', 7])(
  'a kind %j is named and not asked for',
  async (plural) => {
    const { client, seen } = await listing([], plural as string);
    const { resources, unknown } = await discoverAll(client, within());
    expect(resources).toEqual([]);
    expect(unknown).toEqual([`["strange.example.com","v1",${JSON.stringify(plural)}]: not the names of a kind`]);
    expect(seen).toEqual(['GET /api', 'GET /apis']);
  },
);

test.each(['<html>sign in</html>', 'null', '7', '"x"', ''])('an answer %j is no object, in words', async (text) => {
  api = await scriptedApi((_, response) => response.end(text));
  await expect(api.client.get('/api/v1/nodes/a', within())).rejects.toThrow(
    `GET /api/v1/nodes/a: 200, the answer is no object: ${text}`,
  );
});

test.each([{ continue: null }, { resourceVersion: null }, null])('a list with %j is one, of one page', async (more) => {
  api = await scriptedApi((_, response) =>
    response.end(JSON.stringify({ items: [{ metadata: { name: 'a' } }], metadata: more })),
  );
  const { items } = await api.client.list('/api/v1/nodes', { pick: () => 1 }, within());
  expect(items).toEqual([1]);
});

test.each([{ continue: 7 }, { continue: { a: 1 } }, { resourceVersion: [1] }])(
  'a list with %j is none',
  async (more) => {
    api = await scriptedApi((_, response) => response.end(JSON.stringify({ items: [], metadata: more })));
    await expect(api.client.list('/api/v1/nodes', { pick: () => 1 }, within())).rejects.toThrow(
      'the answer is not a list: its version or its continue is no text',
    );
  },
);
