import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { allAtOnce } from '../../../src/adapters/host/at-once.ts';

const signal = new AbortController().signal;
const NUMBERS = [0, 1, 2, 3, 4, 5];

test('results have the order of the items, and at most as many run at once as allowed', async () => {
  let running = 0;
  let most = 0;
  const doubled = await allAtOnce(NUMBERS, { atOnce: 2, signal }, async (number) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = number; turn < NUMBERS.length; turn += 1) await nextTurn();
    running -= 1;
    return 2 * number;
  });
  expect(doubled).toEqual([0, 2, 4, 6, 8, 10]);
  expect(most).toBe(2);
});

test('the first failure aborts the others, starts no more, and is thrown when the others have ended', async () => {
  const started: number[] = [];
  const ended: number[] = [];
  const all = allAtOnce(NUMBERS, { atOnce: 3, signal }, async (number, stop) => {
    started.push(number);
    if (number === 1) {
      await nextTurn();
      throw new Error('one');
    }
    await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
    await nextTurn();
    ended.push(number);
    throw new Error('aborted');
  });
  await expect(all).rejects.toThrow('one');
  expect(started).toEqual([0, 1, 2]);
  expect(ended).toEqual([0, 2]);
});

test('an abort from outside reaches every item', async () => {
  const outer = new AbortController();
  const all = allAtOnce(NUMBERS, { atOnce: 6, signal: outer.signal }, async (_, stop) => {
    outer.abort(new Error('cancelled'));
    await Promise.resolve();
    stop.throwIfAborted();
  });
  await expect(all).rejects.toThrow('cancelled');
});
