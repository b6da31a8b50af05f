import { CancelledFailure } from '@temporalio/common';
import { ApplicationFailure, type Info } from '@temporalio/activity';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { bounded, lastCheckpoint, type Progress } from '../../src/activities/bounded.ts';
import { BEAT_PERIOD_MS } from '../../src/core/plan/limits.ts';
import { anAttempt } from './an-attempt.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An activity's surroundings, with the heartbeats it has sent. */
function surroundings(info: Partial<Info> = {}): {
  readonly env: MockActivityEnvironment;
  readonly beats: Record<string, unknown>[];
} {
  const env = anAttempt(1, info);
  const beats: Record<string, unknown>[] = [];
  env.on('heartbeat', (details: Record<string, unknown>) => beats.push(details));
  return { env, beats };
}

/** How something that is under way ends: its value, or its error. */
function endOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch((error: unknown) => error);
}

const never = (): Promise<never> => new Promise(() => undefined);

describe('a call that never answers', () => {
  test('ends at its budget, and its beats with it', async () => {
    const { env, beats } = surroundings();
    const end = endOf(env.run(() => bounded('snapshot of Prometheus', { budgetMs: 12_000 }, never)));
    await vi.advanceTimersByTimeAsync(11_999);
    expect(beats.map(({ elapsedMs }) => elapsedMs)).toEqual([0, BEAT_PERIOD_MS, 2 * BEAT_PERIOD_MS]);
    await vi.advanceTimersByTimeAsync(1);
    const error = await end;
    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({
      type: 'StepBudgetExceeded',
      nonRetryable: false,
      message: 'snapshot of Prometheus did not end within its budget of 12000 ms',
      details: [{ step: 'snapshot of Prometheus', budgetMs: 12_000 }],
    });
    const sent = beats.length;
    await vi.advanceTimersByTimeAsync(600_000);
    expect(beats).toHaveLength(sent);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is told to stop at its budget', async () => {
    const { env } = surroundings();
    const reasons: unknown[] = [];
    const end = endOf(
      env.run(() =>
        bounded('list', { budgetMs: 1_000 }, (signal) => {
          signal.addEventListener('abort', () => reasons.push(signal.reason));
          return never();
        }),
      ),
    );
    await vi.advanceTimersByTimeAsync(1_000);
    expect(reasons).toEqual([await end]);
  });

  test('and goes on reporting after its end is heard no more', async () => {
    const { env, beats } = surroundings();
    const reports: Progress[] = [];
    const end = endOf(
      env.run(() =>
        bounded('deaf', { budgetMs: 1_000 }, (_, progress) => {
          reports.push(progress);
          return never();
        }),
      ),
    );
    await vi.advanceTimersByTimeAsync(1_000);
    await end;
    const sent = beats.length;
    reports[0]?.({ live: 'still here' });
    expect(beats).toHaveLength(sent);
  });
});

describe('a loop', () => {
  test('that makes no progress for its stall limit ends long before its budget', async () => {
    const { env, beats } = surroundings();
    const end = endOf(
      env.run(() =>
        bounded('create Pods', { budgetMs: 600_000, stallMs: 12_000 }, async (_, progress) => {
          progress({ live: '312 of 400 Pods created' });
          return never();
        }),
      ),
    );
    await vi.advanceTimersByTimeAsync(12_000 + BEAT_PERIOD_MS);
    expect(await end).toMatchObject({
      type: 'StepStalled',
      nonRetryable: false,
      message: 'create Pods made no progress for 12000 ms (last: 312 of 400 Pods created)',
    });
    const sent = beats.length;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(beats).toHaveLength(sent);
  });

  test('that makes progress now and then goes on to its end', async () => {
    const { env } = surroundings();
    const end = env.run(() =>
      bounded('create Pods', { budgetMs: 600_000, stallMs: 12_000 }, async (_, progress) => {
        for (let i = 0; i < 10; i++) {
          await new Promise((wake) => setTimeout(wake, 11_000));
          progress({ live: `${i}` });
        }
        return 'through';
      }),
    );
    await vi.advanceTimersByTimeAsync(110_000);
    expect(await end).toBe('through');
  });

  test('that makes progress all the time ends at its budget none the less', async () => {
    const { env } = surroundings();
    const end = endOf(
      env.run(() =>
        bounded('poll', { budgetMs: 20_000, stallMs: 5_000 }, async (_, progress) => {
          for (;;) {
            progress({ live: 'pending' });
            await new Promise((wake) => setTimeout(wake, 1_000));
          }
        }),
      ),
    );
    const stopped = end.then(() => vi.clearAllTimers());
    await vi.advanceTimersByTimeAsync(20_000);
    expect(await end).toMatchObject({ type: 'StepBudgetExceeded' });
    await stopped;
  });
});

describe('a cancel', () => {
  test('ends the step at once with the reason of the cancel, whatever the call then says', async () => {
    const { env } = surroundings();
    const end = endOf(
      env.run(() =>
        bounded(
          'watch',
          { budgetMs: 60_000 },
          (signal) =>
            new Promise((_, fail) => signal.addEventListener('abort', () => fail(new Error('socket hang up')))),
        ),
      ),
    );
    await vi.advanceTimersByTimeAsync(100);
    env.cancel('CANCELLED');
    const error = await end;
    expect(error).toBeInstanceOf(CancelledFailure);
    expect((error as CancelledFailure).message).toBe('CANCELLED');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('wins over a budget that ends at the same moment', async () => {
    const { env } = surroundings();
    setTimeout(() => env.cancel('CANCELLED'), 1_000);
    const end = endOf(env.run(() => bounded('query', { budgetMs: 1_000 }, never)));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await end).toBeInstanceOf(CancelledFailure);
  });

  test('that was there before lets nothing begin', async () => {
    const { env, beats } = surroundings();
    env.cancel('CANCELLED');
    const call = vi.fn(never);
    expect(await endOf(env.run(() => bounded('late', { budgetMs: 1_000 }, call)))).toBeInstanceOf(CancelledFailure);
    expect(call).not.toHaveBeenCalled();
    expect(beats).toEqual([]);
  });

  test('because the worker shuts down says so', async () => {
    const { env } = surroundings();
    const end = endOf(env.run(() => bounded('soak', { budgetMs: 60_000 }, never)));
    await vi.advanceTimersByTimeAsync(10);
    env.cancel('WORKER_SHUTDOWN');
    const error = await end;
    expect(error).toBeInstanceOf(CancelledFailure);
    expect((error as CancelledFailure).message).toBe('WORKER_SHUTDOWN');
  });
});

describe('a step', () => {
  test('gives what its call gives, and fails in its words', async () => {
    const { env } = surroundings();
    expect(await env.run(() => bounded('ask', { budgetMs: 1_000 }, async () => 42))).toBe(42);
    const refused = new Error('connection refused');
    expect(await endOf(env.run(() => bounded('ask', { budgetMs: 1_000 }, () => Promise.reject(refused))))).toBe(
      refused,
    );
    const thrown = (): never => {
      throw refused;
    };
    expect(await endOf(env.run(() => bounded('ask', { budgetMs: 1_000 }, thrown)))).toBe(refused);
  });

  test('leaves no timer and no listener behind, however it ends', async () => {
    const { env } = surroundings();
    const signals: AbortSignal[] = [];
    const run = (call: () => Promise<unknown>): Promise<unknown> =>
      endOf(
        env.run(() =>
          bounded('step', { budgetMs: 1_000 }, (signal) => {
            signals.push(signal);
            return call();
          }),
        ),
      );
    await run(() => Promise.resolve(1));
    await run(() => Promise.reject(new Error('no')));
    const hung = run(never);
    await vi.advanceTimersByTimeAsync(1_000);
    await hung;
    expect(signals).toHaveLength(3);
    for (const signal of signals) expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(getEventListeners(env.context.cancellationSignal, 'abort')).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('heartbeats', () => {
  test('say which step it is, how long it has taken, and what may still be', async () => {
    const { env, beats } = surroundings();
    const end = env.run(() =>
      bounded('seed', { budgetMs: 60_000 }, async (_, progress) => {
        await new Promise((wake) => setTimeout(wake, 3_000));
        progress({ live: '20 of 20 Nodes', fraction: 1 });
      }),
    );
    await vi.advanceTimersByTimeAsync(3_000);
    await end;
    expect(beats).toEqual([
      { live: 'seed', step: 'seed', elapsedMs: 0, budgetMs: 60_000 },
      { live: '20 of 20 Nodes', fraction: 1, step: 'seed', elapsedMs: 3_000, budgetMs: 60_000 },
    ]);
  });

  test('of an earlier version have the checkpoint of the attempt before; those of this version carry none', async () => {
    const { env, beats } = surroundings({
      attempt: 2,
      heartbeatDetails: {
        live: '300 created',
        checkpoint: { created: 300 },
        step: 'create',
        elapsedMs: 9,
        budgetMs: 10,
      },
    });
    expect(await env.run(async () => lastCheckpoint())).toEqual({ created: 300 });
    await env.run(() => bounded('create', { budgetMs: 1_000 }, async () => undefined));
    expect(beats).toEqual([{ live: 'create', step: 'create', elapsedMs: 0, budgetMs: 1_000 }]);
  });

  test.for([undefined, null, 'text', 5, {}])('that are %j hold no checkpoint', async (heartbeatDetails) => {
    const { env } = surroundings({ heartbeatDetails });
    expect(await env.run(async () => lastCheckpoint())).toBeUndefined();
  });
});
