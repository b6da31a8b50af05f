import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { boundInWorker } from '../../src/activities/bound-in-worker.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const never = (): Promise<never> => new Promise(() => undefined);

test('a call ends at its budget, with the name of its step, and leaves nothing behind', async () => {
  const outer = new AbortController();
  let inner: AbortSignal | undefined;
  const end = boundInWorker(outer.signal)('processes stopped', { budgetMs: 5_000 }, (signal) => {
    inner = signal;
    return never();
  }).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(inner?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await end).toEqual(new Error('processes stopped did not end within its budget of 5000 ms'));
  expect(inner?.aborted).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test('a call ends with its worker, and none begins afterwards', async () => {
  const outer = new AbortController();
  const bound = boundInWorker(outer.signal);
  const end = bound('one', { budgetMs: 5_000 }, never).catch((error: unknown) => error);
  const reason = new Error('the worker stops');
  outer.abort(reason);
  expect(await end).toBe(reason);
  await expect(bound('two', { budgetMs: 5_000 }, () => Promise.resolve(1))).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(outer.signal, 'abort').length).toBeLessThanOrEqual(1);
});

test('the value of a call that ends in time is returned, and its error thrown', async () => {
  const bound = boundInWorker(new AbortController().signal);
  await expect(bound('one', { budgetMs: 5_000 }, () => Promise.resolve(7))).resolves.toBe(7);
  await expect(bound('one', { budgetMs: 5_000 }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(vi.getTimerCount()).toBe(0);
});
