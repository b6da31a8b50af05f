import { expect, test } from 'vitest';
import { pause, pollUntil } from '../../../src/adapters/host/poll-until.ts';

test('it looks until there is something', async () => {
  let looks = 0;
  const found = await pollUntil({ everyMs: 1 }, () => (++looks === 3 ? 'it' : undefined));
  expect({ found, looks }).toEqual({ found: 'it', looks: 3 });
});

test('a budget that has passed ends it with undefined, after one look at least', async () => {
  let looks = 0;
  const look = (): undefined => {
    looks += 1;
  };
  expect(await pollUntil({ everyMs: 60_000, budgetMs: 0 }, look)).toBeUndefined();
  expect(looks).toBe(1);
});

test('the reason of the signal ends it, before a look and during a pause', async () => {
  const stop = new AbortController();
  const reason = new Error('stopped by hand');
  const waiting = pollUntil({ everyMs: 60_000, signal: stop.signal }, () => {
    queueMicrotask(() => stop.abort(reason));
    return undefined;
  });
  await expect(waiting).rejects.toBe(reason);
  await expect(pollUntil({ everyMs: 1, signal: stop.signal }, () => 'it')).rejects.toBe(reason);
  await expect(pause(60_000, stop.signal)).rejects.toBe(reason);
});

test('a look that fails ends it', async () => {
  await expect(pollUntil({ everyMs: 1 }, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
