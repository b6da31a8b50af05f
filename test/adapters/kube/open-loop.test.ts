import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Lateness } from '../../../src/adapters/kube/lateness.ts';
import { openLoop } from '../../../src/adapters/kube/open-loop.ts';
import type { OpenLoop } from '../../../src/adapters/kube/open-loop.ts';

function loop(change: Partial<OpenLoop>): Promise<void> {
  return openLoop({
    count: 10,
    fromIndex: 0,
    dueAtMs: () => 0,
    parallel: 3,
    signal: new AbortController().signal,
    run: async () => {},
    ...change,
  });
}

describe('openLoop', () => {
  test('runs every operation once, from the given one on, never more at once than allowed', async () => {
    const ran: number[] = [];
    let underWay = 0;
    let most = 0;
    await loop({
      count: 40,
      fromIndex: 5,
      run: async (index) => {
        most = Math.max(most, ++underWay);
        await sleep(index % 3);
        underWay--;
        ran.push(index);
      },
    });
    expect(ran.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 35 }, (_, index) => index + 5));
    expect(most).toBe(3);
  });

  test('starts none before it is due, and does not wait for answers', async () => {
    const startMs = Date.now();
    const early: number[] = [];
    const gate = Promise.withResolvers<void>();
    let started = 0;
    await loop({
      count: 5,
      parallel: 5,
      dueAtMs: (index) => startMs + index * 20,
      run: async (index) => {
        if (Date.now() < startMs + index * 20) early.push(index);
        if (++started === 5) gate.resolve();
        // None is answered before the last has started.
        await gate.promise;
      },
    });
    expect(early).toEqual([]);
  });

  test('the low water is below everything unfinished, also when answers come out of order', async () => {
    const unfinished = new Set<number>();
    const marks: number[] = [];
    await loop({
      count: 30,
      parallel: 8,
      run: async (index) => {
        unfinished.add(index);
        await sleep((index * 7) % 5);
        unfinished.delete(index);
      },
      onDone: (lowWater) => {
        for (const index of unfinished) expect(index).toBeGreaterThanOrEqual(lowWater);
        marks.push(lowWater);
      },
    });
    expect(marks.at(-1)).toBe(30);
  });

  test('after a failure nothing more starts, what is under way is waited for, and the failure is reported', async () => {
    let finished = 0;
    let started = 0;
    const failing = loop({
      count: 100,
      run: async (index) => {
        started++;
        if (index === 2) throw new Error('third one');
        await sleep(20);
        finished++;
      },
    });
    await expect(failing).rejects.toThrow('third one');
    expect([started, finished]).toEqual([3, 2]);
  });

  test('an abort ends the wait for the next one, with the signal’s reason', async () => {
    const stop = new AbortController();
    const reason = new Error('stop');
    const waiting = loop({ signal: stop.signal, dueAtMs: () => Date.now() + 3_600_000 });
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(loop({ signal: stop.signal })).rejects.toBe(reason);
  });

  test('nothing to do is done', async () => {
    await loop({ count: 0 });
    await loop({ count: 3, fromIndex: 3 });
  });
});

test('lateness has exact quantiles by nearest rank, and zeros for nothing', () => {
  const lateness = new Lateness();
  expect(lateness.summary()).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0, lateCount: 0 });
  for (let ms = 200; ms >= 1; ms--) lateness.add(ms);
  expect(lateness.summary()).toEqual({ count: 200, p50Ms: 100, p99Ms: 198, maxMs: 200, lateCount: 0 });
});
