import { expect, test, vi } from 'vitest';
import { runFaults, undoFaults, type FaultsRequest, type FaultToInject } from '../../src/activities/soak-faults.ts';
import { effectOf } from '../../src/adapters/faults/registry.ts';
import type { FaultState } from '../../src/core/plan/checkpoints/soak.ts';
import { scriptedNodes, type ScriptedNodes } from '../adapters/faults/scripted-nodes.ts';

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
    dueAtMs: 0,
    waitMs: 0,
    site: { client, namespace: 'mine', labelSelector: 'x=y', nodes: {} },
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
      events.push(what);
      change.onChange?.(key, state, what);
    },
  });
  return { states, events };
}

const AT = expect.any(Number) as number;

test('a fault is injected, its effect is seen, it is undone, and that is seen', async () => {
  const cluster = aCluster();
  const { states, events } = await run([aFault(cluster)]);
  expect(states).toEqual({ '0/0': { target: 'n1', firedAtMs: AT, assertedAtMs: AT, undoneAtMs: AT } });
  expect(events).toEqual([
    'fail-node: node n1 fails',
    'fail-node: node n1 has the taint belay.dev/failed and no Pod of the campaign',
    'fail-node: node n1 is back',
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
    firedAtMs: AT,
    undoneAtMs: AT,
    assertError:
      'cluster c7: its effect was not seen within 0 s: node n1 has the taint belay.dev/failed, but 2 Pods of the campaign on it',
  });
});

test('a fault whose undoing is not seen is recorded with the reason', async () => {
  const cluster = aCluster();
  const fault = aFault(cluster);
  const effect = fault.effect && { ...fault.effect, undo: () => Promise.resolve() };
  const { states } = await run([{ ...fault, effect }], { undoneBudgetMs: 0 });
  expect(states['0/0']).toEqual({
    target: 'n1',
    firedAtMs: AT,
    assertedAtMs: AT,
    undoError: 'it was undone, but that was not seen within 0 s: node n1 does not take Pods: belay.dev/failed',
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
  expect(states['0/0']).toEqual({ target: 'n1', firedAtMs: AT, fireError: 'the answer was lost', undoneAtMs: AT });
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
    'fail-node-0 in c0: node n0 has the taint belay.dev/failed and no Pod of the campaign',
    'fail-node-0 in c0: node n0 is back',
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

test('a soak that ends while a fault lasts undoes it at once, without a word on its effect', async () => {
  const cluster = aCluster();
  cluster.evicts = false;
  const stop = new AbortController();
  const { states } = await run([aFault(cluster, { waitMs: 3_600_000 })], {
    signal: stop.signal,
    effectBudgetMs: 3_600_000,
    onChange: () => stop.abort(),
  });
  expect(states['0/0']).toEqual({ target: 'n1', firedAtMs: AT, undoneAtMs: AT });
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
  expect(state).toEqual({ target: 'n1', firedAtMs: AT });
  const resumed = await run([aFault(cluster)], { before: { '0/0': state } });
  expect(resumed.states['0/0']).toEqual({ ...state, assertedAtMs: AT, undoneAtMs: AT });
  expect(cluster.patches).toHaveLength(2);
});

test('a worker that died between the record and the call: the next attempt injects the fault', async () => {
  const cluster = aCluster();
  const before = { '0/0': { target: 'n1', firedAtMs: Date.now() } };
  const resumed = await run([aFault(cluster)], { before });
  expect(resumed.states['0/0']).toEqual({ ...before['0/0'], assertedAtMs: AT, undoneAtMs: AT });
  expect(cluster.pods).toEqual(['n0']);
});

test('a fault whose effect an earlier attempt has seen still lasts its time', async () => {
  vi.useFakeTimers();
  try {
    const cluster = aCluster();
    const before = { '0/0': { target: 'n1', firedAtMs: Date.now(), assertedAtMs: Date.now() } };
    const resumed = run([aFault(cluster, { waitMs: 10_000 })], { before });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(cluster.patches).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await resumed).states['0/0']).toEqual({ ...before['0/0'], undoneAtMs: AT });
  } finally {
    vi.useRealTimers();
  }
});

test('the next attempt of a soak that is over only undoes', async () => {
  const cluster = aCluster();
  const state = await stoppedWhileOut(cluster);
  const resumed = await run([aFault(cluster)], { before: { '0/0': state }, signal: AbortSignal.abort() });
  expect(resumed.states['0/0']).toEqual({ ...state, undoneAtMs: AT });
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
