import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { pause } from './poll-until.ts';

/** Bounds of a call, all its attempts included. */
export interface CallLimits {
  /** The caller no longer wants it. */
  readonly signal: AbortSignal;
  readonly budgetMs: number;
}

/** What is tried, for messages, and how long one attempt may take. */
export interface Trial extends CallLimits {
  readonly what: string;
  readonly attemptMs: number;
  /** Whether another attempt would fail the same way. */
  isFinal(cause: unknown): boolean;
}

/**
 * Calls `attempt` until it succeeds, fails for good, or the budget has passed, with growing pauses.
 * @throws the cause of a final failure; Error naming `what` and the last cause at the budget; the signal's reason when it aborts
 */
export async function tryAgain<T>(trial: Trial, attempt: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { what, signal, budgetMs, attemptMs } = trial;
  const endsAt = performance.now() + budgetMs;
  let pauseMs = FIRST_PAUSE_MS;
  let last: unknown;
  for (;;) {
    signal.throwIfAborted();
    const limitMs = Math.max(1, Math.floor(Math.min(endsAt - performance.now(), attemptMs)));
    const limit = AbortSignal.timeout(limitMs);
    try {
      return await attempt(AbortSignal.any([signal, limit]));
    } catch (cause) {
      signal.throwIfAborted();
      if (!limit.aborted && trial.isFinal(cause)) throw cause;
      if (!limit.aborted) last = cause;
      // What the budget cut short says less than an attempt before it.
      else if (last === undefined || limitMs === attemptMs)
        last = new Error(`no answer within ${limitMs} ms`, { cause });
    }
    if (performance.now() + pauseMs >= endsAt)
      throw new Error(`${what} did not succeed within ${budgetMs} ms; the last attempt: ${messageOf(last)}`, {
        cause: last,
      });
    await pause(pauseMs, signal);
    pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
  }
}
