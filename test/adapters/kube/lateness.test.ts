import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LatenessSummary } from '../../../src/adapters/kube/lateness.ts';
import { removeSurplus, replaceMissing } from '../../../src/adapters/kube/mend.ts';
import { runArrivals } from '../../../src/adapters/kube/run-arrivals.ts';
import { runDemand } from '../../../src/adapters/kube/run-demand.ts';
import { SlotBook } from '../../../src/adapters/kube/slot-book.ts';
import type { DemandOperation } from '../../../src/core/plan/demand.ts';
import type { PodMoments } from '../../../src/core/plan/pod-shape.ts';
import { scriptedPods, type ScriptedPods } from './scripted-pods.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const WITHIN = { budgetMs: 60_000, signal: new AbortController().signal };
const LIMITS = { callBudgetMs: 60_000, signal: WITHIN.signal };

const replaced = (slot: number, atMs: number): DemandOperation => ({ atMs, slot, kind: 'replace', generation: 1 });
const created = (slot: number, atMs: number): DemandOperation => ({ atMs, slot, kind: 'create', generation: 0 });
const deleted = (slot: number, atMs: number): DemandOperation => ({ atMs, slot, kind: 'delete', generation: 0 });

/** Carries out operations on Pods of slots 0 and 1. @returns every lateness as the metric sees it, and the report's */
async function lateOf(
  operations: readonly DemandOperation[],
  given: { readonly parallel: number; readonly createMs: number; readonly deleteMs: number },
  startsInMs = 0,
): Promise<{
  readonly lateMs: readonly number[];
  readonly sentLate: LatenessSummary;
  /** When each Pod was intended, ms after the start. */
  readonly intendedMs: readonly number[];
}> {
  const { scope, pods } = scriptedPods(['p0-g0', 'p1-g0'], given);
  const startAtMs = Date.now() + startsInMs;
  const intendedMs: number[] = [];
  const book = await SlotBook.read(scope, WITHIN);
  const lateMs: number[] = [];
  const running = runDemand({
    scope,
    pods: {
      ...pods,
      body: (slot, generation, moments) => {
        intendedMs.push(moments.intendedAtMs - startAtMs);
        return pods.body(slot, generation, moments);
      },
    },
    operations,
    startAtMs,
    fromOperation: 0,
    parallel: given.parallel,
    ...LIMITS,
    book,
    wanted: new Set([0, 1]),
    onLate: (ms) => lateMs.push(ms),
    onProgress: () => undefined,
  });
  await vi.runAllTimersAsync();
  const { sentLate } = await running;
  return { lateMs, sentLate, intendedMs };
}

test.for<[string, readonly DemandOperation[], Parameters<typeof lateOf>[1], readonly number[]]>([
  ['a delete in time', [deleted(0, 50)], { parallel: 8, createMs: 30, deleteMs: 300 }, [0]],
  ['a create in time', [created(2, 50)], { parallel: 8, createMs: 300, deleteMs: 30 }, [0]],
  [
    'a replacement in time, however long the server takes to delete',
    [replaced(0, 50)],
    { parallel: 8, createMs: 30, deleteMs: 5_000 },
    [0, 0],
  ],
  [
    'two deletes that wait for each other: the second is late by the first',
    [deleted(0, 0), deleted(1, 0)],
    { parallel: 1, createMs: 30, deleteMs: 300 },
    [0, 300],
  ],
  [
    'a replacement that waits for its turn: both of its requests are late by that, and by nothing else',
    [deleted(0, 0), replaced(1, 100)],
    { parallel: 1, createMs: 30, deleteMs: 300 },
    [0, 200, 200],
  ],
  [
    'operations on one slot: the second waits until the first is answered, and takes no Pod that is just being bound',
    [replaced(0, 0), { atMs: 10, slot: 0, kind: 'replace', generation: 2 }],
    { parallel: 8, createMs: 40, deleteMs: 60 },
    [0, 0, 1_090, 1_090],
  ],
])('lateness of %s', async ([, operations, given, expected]) => {
  const { lateMs, sentLate } = await lateOf(operations, given);
  expect(lateMs).toEqual(expected);
  expect(sentLate).toMatchObject({ count: expected.length, maxMs: Math.max(...expected) });
});

test('an arrival is late until its request is sent: the Pod says the same moment, and what follows is latency', async () => {
  const { scope, pods } = scriptedPods([], { createMs: 400, deleteMs: 0 });
  const lateMs: number[] = [];
  const moments: PodMoments[] = [];
  const startAtMs = Date.now();
  const running = runArrivals({
    scope,
    pods: {
      ...pods,
      body: (slot, generation, at) => {
        moments.push(at);
        vi.setSystemTime(Date.now() + 7);
        return pods.body(slot, generation, at);
      },
    },
    offsetsMs: [0, 0],
    startAtMs,
    fromIndex: 0,
    parallel: 1,
    ...LIMITS,
    onLate: (ms) => lateMs.push(ms),
    onProgress: () => undefined,
  });
  await vi.runAllTimersAsync();
  const { sentLate } = await running;
  expect(lateMs).toEqual([0, 7 + 400]);
  expect(moments.map(({ intendedAtMs, sentAtMs }) => [intendedAtMs - startAtMs, sentAtMs - startAtMs])).toEqual([
    [0, 0],
    [0, 407],
  ]);
  expect(sentLate).toMatchObject({ count: 2, maxMs: 407, lateCount: 0 });
});

test('what fell due while no worker ran is sent within 2 s, late by that time, and intended for its own moment', async () => {
  const lost = { parallel: 8, createMs: 30, deleteMs: 10 };
  const operations = [created(2, 1_000), replaced(0, 30_000), deleted(1, 59_500), created(3, 60_000)];
  const { lateMs, sentLate, intendedMs } = await lateOf(operations, lost, -60_000);
  expect(lateMs.toSorted((a, b) => b - a)).toEqual([59_000, 30_983, 30_983, 2_483, 2_000]);
  expect(intendedMs.toSorted((a, b) => a - b)).toEqual([1_000, 30_000, 60_000]);
  expect(sentLate).toMatchObject({ count: 5, maxMs: 59_000, lateCount: 4 });
});

test('arrivals that fell due while no worker ran are sent within 2 s, late by that time', async () => {
  const { scope, pods } = scriptedPods(['p0-g0'], { createMs: 0, deleteMs: 0 });
  const lateMs: number[] = [];
  const running = runArrivals({
    scope,
    pods,
    offsetsMs: [0, 1_000, 20_000],
    startAtMs: Date.now() - 20_000,
    fromIndex: 0,
    parallel: 1,
    ...LIMITS,
    onLate: (ms) => lateMs.push(ms),
    onProgress: () => undefined,
  });
  await vi.runAllTimersAsync();
  expect(await running).toMatchObject({ created: 2, existing: 1, overdue: 1 });
  // The last one is due when this attempt begins. It keeps its place behind those before it.
  expect(lateMs).toEqual([19_100, 2_000]);
});

test('a repair counts from the list that showed the need for it, in both directions', async () => {
  const { scope, pods, names }: ScriptedPods = scriptedPods(['p5-g0', 'p6-g0'], { createMs: 100, deleteMs: 50 });
  const lateMs: number[] = [];
  const request = {
    scope,
    pods,
    book: await SlotBook.read(scope, WITHIN),
    wanted: new Set([0, 1]),
    parallel: 1,
    ...LIMITS,
    onLate: (ms: number) => lateMs.push(ms),
  };
  const repairing = replaceMissing(request).then(() => removeSurplus(request));
  await vi.runAllTimersAsync();
  expect(await repairing).toBe(2);
  expect([...names]).toEqual(['p0-g0', 'p1-g0']);
  expect(lateMs).toEqual([0, 100, 0, 50]);
});

test('a Pod that has Failed is lost: it is deleted, and the next generation is created in its slot', async () => {
  const { scope, pods, names, finished } = scriptedPods(['p0-g0', 'p1-g3', 'p2-g0', 'p2-g1', 'p9-g0'], {
    createMs: 100,
    deleteMs: 50,
  });
  for (const name of ['p1-g3', 'p2-g0']) finished.add(name);
  const lateMs: number[] = [];
  const request = {
    scope,
    pods,
    book: await SlotBook.read(scope, WITHIN),
    wanted: new Set([0, 1, 2]),
    parallel: 1,
    ...LIMITS,
    onLate: (ms: number) => lateMs.push(ms),
  };
  expect(request.book.live(1)).toBeUndefined();
  const repairing = replaceMissing(request);
  await vi.runAllTimersAsync();
  expect(await repairing).toBe(1);
  expect([...names].toSorted()).toEqual(['p0-g0', 'p1-g4', 'p2-g0', 'p2-g1', 'p9-g0']);
  // What the server took to delete the Pod is not the load's lateness.
  expect(lateMs).toEqual([0, 0]);
  const removing = removeSurplus(request);
  await vi.runAllTimersAsync();
  expect(await removing).toBe(2);
  expect([...names].toSorted()).toEqual(['p0-g0', 'p1-g4', 'p2-g1']);
  expect(request.book.live(2)).toMatchObject({ name: 'p2-g1' });
});
