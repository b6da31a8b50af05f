import type { bounded } from './bounded.ts';

/**
 * Runs calls under their budgets outside of an activity, where nothing waits for heartbeats.
 * @param outer ends all of them
 */
export function boundInWorker(outer: AbortSignal): typeof bounded {
  return async (step, { budgetMs }, call) => {
    outer.throwIfAborted();
    const limit = new AbortController();
    const exceeded = new Error(`${step} did not end within its budget of ${budgetMs} ms`);
    const timer = setTimeout(() => limit.abort(exceeded), budgetMs);
    const signal = AbortSignal.any([outer, limit.signal]);
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([call(signal, () => undefined), aborted.promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  };
}
