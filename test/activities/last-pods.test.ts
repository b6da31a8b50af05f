import { expect, test, vi } from 'vitest';
import { endLastPods } from '../../src/activities/last-pods.ts';
import type { ObservedCluster } from '../../src/adapters/observe/observed-cluster.ts';
import { lastListMs } from '../../src/core/plan/watch-trust.ts';
import { mixedCatalogue } from '../core/plan/catalogue-samples.ts';
import { specOf } from './campaign-shapes.ts';
import { fakeTime } from './fake-time.ts';
import { scriptedCluster, willingClient } from './scripted-cluster.ts';

const PODS = 3;
const MINUTE_MS = 60_000;

const one = specOf({ clusters: 1 });
const spec = { ...one, catalogue: mixedCatalogue, plan: { ...one.plan, totalPods: PODS } };
const { podReadyMs } = spec.deadlines.budgets;

fakeTime();

interface Scripted {
  /** From when on lists are answered, ms after the begin. */
  readonly listedFromMs: number;
  /** Pods that are bound and Ready, by ms after the begin. */
  readonly bound: (ms: number) => number;
  readonly loads?: readonly Promise<void>[];
}

/** Ends the Pods of a cluster while time passes at once. @returns when they were ended, and whether a list had confirmed them, ms */
async function ended({ listedFromMs, bound, loads = [] }: Scripted): Promise<{ atMs: number; isConfirmed: boolean }> {
  const beganMs = Date.now();
  let confirmedAtMs = 0;
  let end: { atMs: number; isConfirmed: boolean } | undefined;
  const cluster: ObservedCluster = {
    ...scriptedCluster(spec, 0, { client: willingClient(), present: PODS }),
    counts: () => {
      const count = bound(Date.now() - beganMs);
      return { present: PODS, bound: count, ready: count, pending: PODS - count, deleted: 0 };
    },
    confirm: () => {
      const askedAtMs = Date.now();
      setTimeout(
        () => (confirmedAtMs = Math.max(askedAtMs, beganMs + listedFromMs)),
        beganMs + listedFromMs - askedAtMs,
      );
    },
    isConfirmedSince: (sinceMs) => confirmedAtMs >= sinceMs,
    endPods: (sinceMs) => (end = { atMs: Date.now() - beganMs, isConfirmed: confirmedAtMs >= sinceMs }),
  };
  const { signal } = new AbortController();
  const running = endLastPods({ spec, clusters: [cluster], wanted: { pods: PODS, bindable: PODS }, loads, signal });
  await vi.advanceTimersByTimeAsync(10 * MINUTE_MS);
  await running;
  return end ?? expect.fail('the Pods were not ended');
}

test('Pods that are all there are ended when a list has confirmed them', async () => {
  const { atMs, isConfirmed } = await ended({ listedFromMs: 5_000, bound: () => PODS });
  expect(isConfirmed).toBe(true);
  expect(atMs).toBeGreaterThanOrEqual(5_000);
  expect(atMs).toBeLessThan(6_000);
});

test('a list that shows one less gives it the rest of its time', async () => {
  // Before the list, the watch shows a Pod that is gone. Another one takes its place.
  const { atMs, isConfirmed } = await ended({
    listedFromMs: 5_000,
    bound: (ms) => (ms < 5_000 || ms > 20_000 ? PODS : PODS - 1),
  });
  expect(isConfirmed).toBe(true);
  expect(atMs).toBeGreaterThan(20_000);
  expect(atMs).toBeLessThan(22_000);
});

test('a Pod that is never bound is ended after its time, confirmed by a list of that moment', async () => {
  const { atMs, isConfirmed } = await ended({ listedFromMs: 0, bound: () => PODS - 1 });
  expect(isConfirmed).toBe(true);
  expect(atMs).toBeGreaterThanOrEqual(podReadyMs);
  expect(atMs).toBeLessThan(podReadyMs + 1_000);
});

test('a list that never comes is waited for as long as it may take, and the Pods are ended without it', async () => {
  const { atMs, isConfirmed } = await ended({ listedFromMs: 60 * MINUTE_MS, bound: () => PODS - 1 });
  expect(isConfirmed).toBe(false);
  expect(atMs).toBeGreaterThanOrEqual(podReadyMs + lastListMs(spec));
  expect(atMs).toBeLessThan(podReadyMs + lastListMs(spec) + 1_000);
});

test('no Pod is ended before the load is complete', async () => {
  const load = new Promise<void>((done) => setTimeout(done, 8_000));
  expect((await ended({ listedFromMs: 0, bound: () => PODS, loads: [load] })).atMs).toBeGreaterThanOrEqual(8_000);
});
