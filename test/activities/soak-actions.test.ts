import { afterEach, expect, test } from 'vitest';
import { runActions, undoActions, type ActionsRequest } from '../../src/activities/soak-actions.ts';
import type { ActionState } from '../../src/core/plan/checkpoints/soak.ts';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
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

/** A cluster that others use too. */
async function aCluster(): Promise<ObservedCluster> {
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
  return { client: api.client, load: { namespace: 'mine', labelSelector: 'x=y' } } as unknown as ObservedCluster;
}

function patches(): readonly (string | undefined)[] {
  return (api?.seen ?? []).filter((request) => request.startsWith('PATCH')).map((request) => request.split('?')[0]);
}

/** Runs one action from `before` on; `onChange` is told each state of it. @returns the last one */
async function carryOut(
  action: string,
  cluster: ObservedCluster,
  more: Partial<Omit<ActionsRequest, 'onChange'>> & { readonly onChange: (next: ActionState) => void },
): Promise<ActionState> {
  let state = more.before?.['0'] ?? {};
  await runActions({
    actions: [{ atSeconds: 0, action }],
    before: {},
    startAtMs: Date.now(),
    cluster,
    nodes: { labelSelector: 'belay.dev/campaign=mine' },
    callBudgetMs: 5_000,
    signal: new AbortController().signal,
    undoSignal: AbortSignal.timeout(30_000),
    ...more,
    onChange: (_, next) => {
      state = next;
      more.onChange(next);
    },
  });
  return state;
}

/** Runs one action at once. */
async function act(action: string, nodes: Selection): Promise<ActionState> {
  const stop = new AbortController();
  // Done is done: the soak ends here, so that the Node comes back at once.
  return await carryOut(action, await aCluster(), { nodes, signal: stop.signal, onChange: () => stop.abort() });
}

test.for<[string, Selection, string]>([
  ['fail-node', { labelSelector: 'belay.dev/campaign=mine' }, 'mine-n1'],
  ['fail-node-0', { labelSelector: 'belay.dev/campaign=mine' }, 'mine-n0'],
  ['fail-node-1', { labelSelector: 'belay.dev/campaign=mine' }, 'mine-n1'],
  // Where the system makes the machines, they carry no label of ours.
  ['fail-node', {}, 'aa-somebody-else'],
])('%s among the Nodes of %j fails %s, and it comes back', async ([action, nodes, node]) => {
  expect(await act(action, nodes)).toMatchObject({ node, undoneAtMs: expect.any(Number) });
  expect(patches()).toEqual([`PATCH /api/v1/nodes/${node}`, `PATCH /api/v1/nodes/${node}`]);
});

test('a Node that the campaign does not have is told, and nothing is touched', async () => {
  expect(await act('fail-node-2', { labelSelector: 'belay.dev/campaign=mine' })).toMatchObject({
    error: 'fail-node-2: the campaign has 2 Nodes, numbered from 0',
  });
  expect(patches()).toEqual([]);
});

/** Fails a Node; its worker is stopped while the Node is out. */
async function stoppedWhileOut(cluster: ObservedCluster): Promise<ActionState> {
  const stop = new AbortController();
  const state = carryOut('fail-node-0', cluster, {
    signal: stop.signal,
    undoSignal: stop.signal,
    onChange: () => undefined,
  });
  await expect.poll(patches, { timeout: 10_000 }).toHaveLength(1);
  stop.abort();
  return await state;
}

test('a Node that is out when its worker is stopped is no error of the action: whoever resumes it brings it back', async () => {
  const cluster = await aCluster();
  const state = await stoppedWhileOut(cluster);
  expect(state).toEqual({ node: 'mine-n0', firedAtMs: expect.any(Number) });
  const before = { '0': { ...state, firedAtMs: Date.now() - 60_000 } };
  const resumed = await carryOut('fail-node-0', cluster, { before, onChange: () => undefined });
  expect(resumed).toEqual({ ...before['0'], undoneAtMs: expect.any(Number) });
  expect(patches()).toEqual(['PATCH /api/v1/nodes/mine-n0', 'PATCH /api/v1/nodes/mine-n0']);
});

test('a Node that is out when nobody will resume the soak is brought back at once', async () => {
  const cluster = await aCluster();
  const state = await stoppedWhileOut(cluster);
  const after = new Map<number, ActionState>();
  await undoActions({
    actions: [{ atSeconds: 0, action: 'fail-node-0' }],
    before: { '0': state },
    cluster,
    callBudgetMs: 5_000,
    onChange: (index, next) => after.set(index, next),
  });
  expect(after.get(0)).toEqual({ ...state, undoneAtMs: expect.any(Number) });
  expect(patches()).toHaveLength(2);
});
