import { afterEach, expect, test } from 'vitest';
import { runActions, type ActionState } from '../../src/activities/soak-actions.ts';
import type { ObservedCluster } from '../../src/activities/observers.ts';
import type { Selection } from '../../src/adapters/kube/client.ts';
import { answer, scriptedApi, type ScriptedApi } from '../adapters/kube/scripted-api.ts';

const OWN = { 'belay.dev/campaign': 'mine' };
const NODES = [
  { name: 'aa-somebody-else', labels: {} },
  { name: 'bb-another-campaign', labels: { 'belay.dev/campaign': 'other' } },
  { name: 'mine-n0', labels: OWN },
  { name: 'mine-n1', labels: OWN },
];
/** Most of the campaign's Pods stand on a Node that is not its own. */
const PLACED = ['aa-somebody-else', 'aa-somebody-else', 'aa-somebody-else', 'mine-n0', 'mine-n1', 'mine-n1'];

let api: ScriptedApi | undefined;

afterEach(() => api?.close());

/** Runs one action at once, on a cluster that others use too. */
async function act(action: string, nodes: Selection): Promise<ActionState> {
  api = await scriptedApi((request, response) => {
    const url = new URL(request.url ?? '', 'http://api');
    const [key, value] = (url.searchParams.get('labelSelector') ?? '').split('=');
    const wanted = NODES.filter(({ labels }) => !key || (labels as Record<string, string>)[key] === value);
    if (url.pathname === '/api/v1/nodes') {
      answer(response, 200, { metadata: { resourceVersion: '1' }, items: wanted.map((metadata) => ({ metadata })) });
    } else if (url.pathname.endsWith('/pods')) {
      const items = PLACED.map((nodeName, index) => ({ metadata: { name: `p${index}` }, spec: { nodeName } }));
      answer(response, 200, { metadata: { resourceVersion: '1' }, items });
    } else {
      answer(response, 200, { metadata: { name: url.pathname.split('/').at(-1), resourceVersion: '1' }, spec: {} });
    }
  });
  const stop = new AbortController();
  let state: ActionState = {};
  await runActions({
    actions: [{ atSeconds: 0, action }],
    before: {},
    startAtMs: Date.now(),
    cluster: { client: api.client, load: { namespace: 'mine', labelSelector: 'x=y' } } as unknown as ObservedCluster,
    nodes,
    callBudgetMs: 5_000,
    signal: stop.signal,
    undoSignal: AbortSignal.timeout(30_000),
    onChange: (_, next) => {
      state = next;
      // Done is done: the soak ends here, so that the Node comes back at once.
      stop.abort();
    },
  });
  return state;
}

test.for<[string, Selection, string]>([
  ['fail-node', { labelSelector: 'belay.dev/campaign=mine' }, 'mine-n1'],
  ['fail-node-0', { labelSelector: 'belay.dev/campaign=mine' }, 'mine-n0'],
  ['fail-node-1', { labelSelector: 'belay.dev/campaign=mine' }, 'mine-n1'],
  // Where the system makes the machines, they carry no label of ours.
  ['fail-node', {}, 'aa-somebody-else'],
])('%s among the Nodes of %j fails %s, and it comes back', async ([action, nodes, node]) => {
  expect(await act(action, nodes)).toMatchObject({ node, undoneAtMs: expect.any(Number) });
  expect(api?.seen.filter((request) => request.startsWith('PATCH')).map((request) => request.split('?')[0])).toEqual([
    `PATCH /api/v1/nodes/${node}`,
    `PATCH /api/v1/nodes/${node}`,
  ]);
});

test('a Node that the campaign does not have is told, and nothing is touched', async () => {
  expect(await act('fail-node-2', { labelSelector: 'belay.dev/campaign=mine' })).toMatchObject({
    error: 'fail-node-2: the campaign has 2 Nodes, numbered from 0',
  });
  expect(api?.seen.filter((request) => request.startsWith('PATCH'))).toEqual([]);
});
