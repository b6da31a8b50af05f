import { expect, test, vi } from 'vitest';
import { runFaults, undoFaults, type FaultsRequest, type FaultToInject } from '../../src/activities/soak-faults.ts';
import { effectOf } from '../../src/adapters/faults/registry.ts';
import type { FaultState } from '../../src/core/plan/checkpoints/soak.ts';
import { scriptedNodes, type ScriptedNodes } from '../adapters/faults/scripted-nodes.ts';

const WITHIN = { signal: new AbortController().signal, budgetMs: 1_000 };

function aCluster(): ScriptedNodes {
  return scriptedNodes({ n0: {}, n1: {} }, ['n0', 'n1', 'n1']);
}

/** A fault that is due at once and lasts no time. */
function aFault({ client }: ScriptedNodes, change: Partial<FaultToInject> = {}): FaultToInject {
  const action = change.action ?? 'fail-node';
  return {
    key: '0/0',
    action,
    cluster: '',
    dueAtMs: Date.now(),
    waitMs: 0,
    soakEndMs: Number.MAX_SAFE_INTEGER,
    site: {
      client,
      namespace: 'mine',
      labelSelector: 'x=y',
      nodes: {},
      nodesOfSystem: false,
      failedNodesTurnNotReady: true,
    },
    effect: effectOf(action),
    ...change,
  };
}

interface Outcome {
  readonly states: Readonly<Record<string, FaultState>>;
  readonly events: readonly string[];
}

async function run(faults: readonly FaultToInject[], change: Partial<FaultsRequest> = {}): Promise<Outcome> {
  const states: Record<string, FaultState> = { ...change.before };
  const events: string[] = [];
  const never = new AbortController().signal;
  await runFaults({
    faults,
    before: {},
    callBudgetMs: 5_000,
    effectBudgetMs: 5_000,
    undoneBudgetMs: 5_000,
    signal: never,
    undoSignal: never,
    ...change,
    onChange: (key, state, what) => {
      states[key] = state;
      if (what !== undefined) events.push(what);
      change.onChange?.(key, state, what);
    },
  });
  return { states, events };
}

const AT = expect.any(Number) as number;
/** Fields of a fault that was injected, whose effect was seen, and that was undone. */
const INJECTED = { firedAtMs: AT, injectedAtMs: AT };
const SEEN = {
  assertedAtMs: AT,
  effect: 'node n1 has the taint belay.dev/failed and no Pod of the campaign, and is NotReady',
};
const UNDONE = { undoBeganAtMs: AT, undoneAtMs: AT };

test('a fault is injected, its effect is seen, it is undone, and that is seen', async () => {
  const cluster = aCluster();
  const { states, events } = await run([aFault(cluster)]);
  expect(states).toEqual({ '0/0': { target: 'n1', ...INJECTED, ...SEEN, ...UNDONE } });
  expect(events).toEqual([
    'fail-node: node n1 fails',
    'fail-node: node n1 has the taint belay.dev/failed and no Pod of the campaign, and is NotReady',
    'fail-node: node n1 is Ready and takes Pods again',
  ]);
  expect(cluster.nodes.get('n1')).toMatchObject({ unschedulable: false, taints: [] });
  expect(cluster.pods).toEqual(['n0']);
});

test('a fault without an effect is recorded with what is missing, and undone', async () => {
  const cluster = aCluster();
  cluster.evicts = false;
  const { states } = await run([aFault(cluster, { cluster: 'c7' })], { effectBudgetMs: 0 });
  expect(states['0/0']).toEqual({
    target: 'n1',
    ...INJECTED,
    ...UNDONE,
    assertError:
      'cluster c7: its effect was not seen within 0 s: node n1 has the taint belay.dev/failed, but has 2 Pods of the campaign',
  });
});

test('a fault whose undoing is not seen is recorded with the reason', async () => {
  const cluster = aCluster();
  const fault = aFault(cluster);
  const effect = fault.effect && { ...fault.effect, undo: () => Promise.resolve() };
  const { states } = await run([{ ...fault, effect }], { undoneBudgetMs: 0 });
  expect(states['0/0']).toEqual({
    target: 'n1',
    ...INJECTED,
    ...SEEN,
    undoBeganAtMs: AT,
    undoError:
      'it was undone, but that was not seen within 0 s: node n1 does not take Pods: belay.dev/failed, it is not Ready',
  });
});

test('a fault that breaks while it is injected is undone all the same', async () => {
  const cluster = aCluster();
  const fault = aFault(cluster);
  const effect = fault.effect && {
    ...fault.effect,
    fire: async (...call: Parameters<typeof fault.effect.fire>) => {
      await fault.effect?.fire(...call);
      throw new Error('the answer was lost');
    },
  };
  const { states } = await run([{ ...fault, effect }]);
  expect(states['0/0']).toEqual({ target: 'n1', firedAtMs: AT, fireError: 'the answer was lost', ...UNDONE });
  expect(cluster.nodes.get('n1')).toMatchObject({ unschedulable: false, taints: [] });
});

test('what cannot be injected is recorded, and nothing is touched', async () => {
  const cluster = aCluster();
  const faults = [
    aFault(cluster, { action: 'fail-node-2' }),
    aFault(cluster, { key: '1/0', action: 'kill-coordinator-leader' }),
  ];
  expect((await run(faults)).states).toEqual({
    '0/0': { fireError: 'the campaign has 2 Nodes, numbered from 0' },
    '1/0': { fireError: 'this version cannot inject it' },
  });
  expect(cluster.patches).toEqual([]);
});

test('one action in several clusters is several faults with a state each', async () => {
  const clusters = [aCluster(), aCluster()];
  const faults = clusters.map((cluster, index) =>
    aFault(cluster, { key: `0/${index}`, cluster: `c${index}`, action: `fail-node-${index}` }),
  );
  const { states, events } = await run(faults);
  expect(states).toMatchObject({ '0/0': { target: 'n0', undoneAtMs: AT }, '0/1': { target: 'n1', undoneAtMs: AT } });
  expect(events.toSorted((a, b) => a.localeCompare(b)).slice(0, 3)).toEqual([
    'fail-node-0 in c0: node n0 fails',
    'fail-node-0 in c0: node n0 has the taint belay.dev/failed and no Pod of the campaign, and is NotReady',
    'fail-node-0 in c0: node n0 is Ready and takes Pods again',
  ]);
});

test('a fault that is not due when the soak ends is not injected', async () => {
  const cluster = aCluster();
  const { states } = await run([aFault(cluster, { dueAtMs: Number.MAX_SAFE_INTEGER })], {
    signal: AbortSignal.abort(),
  });
  expect(states).toEqual({});
  expect(cluster.patches).toEqual([]);
});

test('a soak that ends while a fault lasts undoes it at once, and nothing is recorded about its effect', async () => {
  const cluster = aCluster();
  cluster.evicts = false;
  const stop = new AbortController();
  const { states } = await run([aFault(cluster, { waitMs: 3_600_000 })], {
    signal: stop.signal,
    effectBudgetMs: 3_600_000,
    onChange: (_, { injectedAtMs }) => {
      if (injectedAtMs !== undefined) stop.abort();
    },
  });
  expect(states['0/0']).toEqual({ target: 'n1', ...INJECTED, ...UNDONE });
  expect(cluster.nodes.get('n1')).toMatchObject({ unschedulable: false, taints: [] });
});

/** Injects a fault; its worker is stopped right after. */
async function stoppedWhileOut(cluster: ScriptedNodes): Promise<FaultState> {
  const stop = new AbortController();
  const fault = aFault(cluster);
  const effect = fault.effect && {
    ...fault.effect,
    assert: () => {
      stop.abort();
      return Promise.reject(new Error('stopped'));
    },
    undo: () => Promise.reject(new Error('stopped')),
  };
  const request = { signal: stop.signal, undoSignal: stop.signal };
  return (await run([{ ...fault, effect }], request)).states['0/0'] ?? {};
}

test('a stopped worker leaves no error; the next attempt sees the effect and undoes the fault', async () => {
  const cluster = aCluster();
  const state = await stoppedWhileOut(cluster);
  expect(state).toEqual({ target: 'n1', ...INJECTED });
  const resumed = await run([aFault(cluster)], { before: { '0/0': state } });
  expect(resumed.states['0/0']).toEqual({ ...state, ...SEEN, ...UNDONE });
  expect(cluster.patches).toHaveLength(2);
});

test('a worker that died between the record and the call: the next attempt injects the fault', async () => {
  const cluster = aCluster();
  const before = { '0/0': { target: 'n1', firedAtMs: Date.now() } };
  const resumed = await run([aFault(cluster)], { before });
  expect(resumed.states['0/0']).toEqual({ ...before['0/0'], injectedAtMs: AT, ...SEEN, ...UNDONE });
  expect(cluster.pods).toEqual(['n0']);
});

test('a fault whose effect an earlier attempt has seen still lasts its time', async () => {
  vi.useFakeTimers();
  try {
    const cluster = aCluster();
    const before = { '0/0': await stoppedAfterItsEffect(cluster) };
    const resumed = run([aFault(cluster, { waitMs: 10_000 })], { before });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(cluster.patches).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await resumed).states['0/0']).toEqual({ ...before['0/0'], ...UNDONE });
  } finally {
    vi.useRealTimers();
  }
});

test('the next attempt of a soak that is over only undoes', async () => {
  const cluster = aCluster();
  const state = await stoppedWhileOut(cluster);
  const resumed = await run([aFault(cluster)], { before: { '0/0': state }, signal: AbortSignal.abort() });
  expect(resumed.states['0/0']).toEqual({ ...state, ...UNDONE });
});

test('a fault of a soak that will not be resumed is undone at once', async () => {
  const cluster = aCluster();
  const state = await stoppedWhileOut(cluster);
  const after = new Map<string, FaultState>();
  await undoFaults({
    faults: [aFault(cluster)],
    before: { '0/0': state },
    onChange: (key, next) => after.set(key, next),
  });
  expect(after.get('0/0')).toEqual({ ...state, undoneAtMs: AT });
  expect(cluster.nodes.get('n1')).toMatchObject({ unschedulable: false, taints: [] });
});

/** A fault whose effect was seen by a worker that then died. */
async function stoppedAfterItsEffect(cluster: ScriptedNodes): Promise<FaultState> {
  const atMs = Date.now();
  await effectOf('fail-node')?.fire('n1', aFault(cluster).site, WITHIN);
  return { target: 'n1', firedAtMs: atMs, injectedAtMs: atMs, assertedAtMs: atMs };
}

/** Runs a fault that lasts no time; `meanwhile` happens once its state has the given moment. */
async function disturbed(
  after: 'firedAtMs' | 'injectedAtMs' | 'assertedAtMs',
  meanwhile: (cluster: ScriptedNodes) => void,
  change: Partial<FaultToInject> = {},
): Promise<Outcome> {
  const cluster = aCluster();
  let done = false;
  const onChange = (_: string, state: FaultState): void => {
    if (done || state[after] === undefined) return;
    done = true;
    meanwhile(cluster);
  };
  const fault = aFault(cluster, change);
  const site = change.site === undefined ? fault.site : { ...change.site, client: cluster.client };
  return await run([{ ...fault, site }], { onChange });
}

const GONE_AT_LAST = 'it was undone, but that was not seen: node n1 is gone: something else removed it';
const HEAL = (cluster: ScriptedNodes): void => {
  Object.assign(cluster.nodes.get('n1') ?? {}, { unschedulable: false, taints: [] });
};
const REMOVE = (cluster: ScriptedNodes): void => void cluster.nodes.delete('n1');

test.for<[string, ...Parameters<typeof disturbed>, Partial<FaultState>]>([
  [
    'vanishes before it is broken',
    'firedAtMs',
    REMOVE,
    {},
    { fireError: 'node n1 does not exist', undoError: GONE_AT_LAST },
  ],
  [
    'vanishes before its effect is seen',
    'injectedAtMs',
    REMOVE,
    {},
    {
      assertError: 'its effect was not seen: node n1 is gone: something else removed it',
      undoError: GONE_AT_LAST,
    },
  ],
  [
    'is healed before its effect is seen',
    'injectedAtMs',
    HEAL,
    {},
    { assertError: 'its effect was not seen: node n1 does not have the taint belay.dev/failed', ...UNDONE },
  ],
  [
    'is healed before its time is over',
    'assertedAtMs',
    HEAL,
    {},
    {
      assertError: 'its effect was gone before its time was over: node n1 does not have the taint belay.dev/failed',
      ...UNDONE,
    },
  ],
])('a target that %s fails the action with that reason', async ([, after, meanwhile, change, expected]) => {
  const { states } = await disturbed(after, meanwhile, change);
  expect(states['0/0']).toMatchObject({ target: 'n1', ...expected });
});

test('a Node that its system removes once it is empty is effect enough', async () => {
  const site = { ...aFault(aCluster()).site, nodesOfSystem: true };
  const { states } = await disturbed('injectedAtMs', REMOVE, { site });
  const effect = 'node n1 is gone, and no Pod of the campaign is left on it';
  expect(states['0/0']).toEqual({ target: 'n1', ...INJECTED, ...SEEN, effect, ...UNDONE });
  // Not known to have been broken: its worker died before the call, or right after it.
  const cluster = aCluster();
  cluster.nodes.delete('n1');
  const resumed = await run([{ ...aFault(cluster), site: { ...site, client: cluster.client } }], {
    before: { '0/0': { target: 'n1', firedAtMs: Date.now() } },
  });
  expect(resumed.states['0/0']).toMatchObject({ fireError: 'node n1 does not exist' });
});

test('two faults at once break two Nodes; one that finds none left is not injected', async () => {
  const cluster = aCluster();
  cluster.evicts = false;
  const keys = ['0/0', '1/0', '2/0'];
  const { states } = await run(
    keys.map((key) => aFault(cluster, { key })),
    { effectBudgetMs: 500 },
  );
  expect(states).toMatchObject({ '0/0': { target: 'n1', ...INJECTED }, '1/0': { target: 'n0', ...INJECTED } });
  expect(states['2/0']).toEqual({
    fireError: 'every Node with a Pod of this campaign was broken before, e.g. node n1: another fault has it',
  });
  for (const node of cluster.nodes.values()) expect(node).toMatchObject({ unschedulable: false, taints: [] });
});

test('a fault that fell due while no worker ran is injected late while it fits, and that is recorded', async () => {
  const cluster = aCluster();
  const nowMs = Date.now();
  const { states, events } = await run([aFault(cluster, { dueAtMs: nowMs - 12_000, soakEndMs: nowMs + 5_000 })]);
  expect(states['0/0']).toMatchObject({ ...INJECTED, lateMs: AT, ...SEEN, ...UNDONE });
  expect(states['0/0']?.lateMs).toBeGreaterThanOrEqual(12_000);
  expect(events[1]).toMatch(/^fail-node: injected 1\d s late$/);
});

test.for<[string, Partial<FaultToInject>, FaultState]>([
  ['can no longer last its time', { dueAtMs: -12_000, waitMs: 10_000, soakEndMs: 9_000 }, {}],
  ['falls due after the end of the soak', { dueAtMs: -5_000, soakEndMs: -1_000 }, {}],
  [
    'was chosen by a worker that died, and can no longer last its time',
    { dueAtMs: -12_000, waitMs: 10_000, soakEndMs: 9_000 },
    { target: 'n1', firedAtMs: 1 },
  ],
])('a fault that %s is not injected, with that reason', async ([, times, before]) => {
  const cluster = aCluster();
  const nowMs = Date.now();
  const { dueAtMs = 0, soakEndMs = 0 } = times;
  const fault = aFault(cluster, { ...times, dueAtMs: nowMs + dueAtMs, soakEndMs: nowMs + soakEndMs });
  const { states } = await run([fault], { before: { '0/0': before } });
  const { fireError, assertedAtMs, lateMs } = states['0/0'] ?? {};
  expect(fireError).toMatch(
    /^it was due \d+ s before a worker could inject it, and its \d+ s do not fit into the soak/,
  );
  expect(assertedAtMs).toBeUndefined();
  // By this the verdict knows that Belay was late, and not the system.
  expect(lateMs).toBeGreaterThan(0);
  expect(cluster.pods).toEqual(['n0', 'n1', 'n1']);
});

test('a fault that was planned to outlast the soak is injected on time', async () => {
  const cluster = aCluster();
  const soakEndMs = Date.now() + 5_000;
  const { states } = await run([aFault(cluster, { waitMs: 6_000, soakEndMs })]);
  expect(states['0/0']).toEqual({ target: 'n1', ...INJECTED, ...SEEN, ...UNDONE });
});

test.each<[string, (cluster: ScriptedNodes, end: AbortController) => void, Partial<FaultState>]>([
  [
    'and that something else undid before, is not asserted',
    (cluster, end) => {
      HEAL(cluster);
      end.abort();
    },
    { assertError: 'its effect was gone before its time was over: node n1 does not have the taint belay.dev/failed' },
  ],
  ['is asserted', (_, end) => end.abort(), {}],
])('a fault that lasts to the end of the soak %s', async (_what, meanwhile, expected) => {
  const cluster = aCluster();
  const end = new AbortController();
  let done = false;
  const { states } = await run([aFault(cluster, { waitMs: 3_600_000 })], {
    signal: end.signal,
    onChange: (_, { assertedAtMs }) => {
      if (done || assertedAtMs === undefined) return;
      done = true;
      meanwhile(cluster, end);
    },
  });
  expect(states['0/0']).toEqual({ target: 'n1', ...INJECTED, ...SEEN, ...expected, ...UNDONE });
});

test('a fault whose soak has ended, and whose cluster does not answer, has lost no effect', async () => {
  const cluster = aCluster();
  const end = new AbortController();
  const fault = aFault(cluster, { waitMs: 3_600_000 });
  const assert: NonNullable<FaultToInject['effect']>['assert'] = (...target) =>
    end.signal.aborted
      ? Promise.reject(new Error('no answer'))
      : (fault.effect?.assert(...target) ?? Promise.reject(new Error('no effect')));
  const { states } = await run([{ ...fault, effect: fault.effect && { ...fault.effect, assert } }], {
    signal: end.signal,
    onChange: (_, { assertedAtMs }) => {
      if (assertedAtMs !== undefined) end.abort();
    },
  });
  expect(states['0/0']).toEqual({ target: 'n1', ...INJECTED, ...SEEN, ...UNDONE });
});

test('a worker that died after the call: its effect is seen, and it is not injected again', async () => {
  const cluster = aCluster();
  await effectOf('fail-node')?.fire('n1', aFault(cluster).site, WITHIN);
  const before = { target: 'n1', firedAtMs: Date.now() - 30_000 };
  const times = { dueAtMs: before.firedAtMs, waitMs: 10_000, soakEndMs: Date.now() + 1_000 };
  const { states } = await run([aFault(cluster, times)], { before: { '0/0': before } });
  expect(states['0/0']).toEqual({ ...before, injectedAtMs: before.firedAtMs, ...SEEN, ...UNDONE });
  expect(cluster.patches).toHaveLength(2);
});

test('a worker that died while it undid a fault: the next one does not miss its effect', async () => {
  const cluster = aCluster();
  const atMs = Date.now();
  const before = { target: 'n1', firedAtMs: atMs, injectedAtMs: atMs, assertedAtMs: atMs, undoBeganAtMs: atMs };
  const { states } = await run([aFault(cluster)], { before: { '0/0': before } });
  expect(states['0/0']).toEqual({ ...before, undoneAtMs: AT });
});
