/** How often to look, and what ends the wait. */
export interface PollOptions {
  /** Pause between the end of a look and the next, ms. */
  readonly everyMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait, ms. The look that began before its end counts, so there is always at least one. */
  readonly budgetMs?: number;
}

/**
 * Looks until `look` returns something other than undefined, and returns that; undefined when the budget has passed.
 * @throws the signal's reason when it aborts; what `look` throws
 */
export function pollUntil<Found>(
  options: PollOptions & { readonly budgetMs: number },
  look: () => Promise<Found | undefined> | Found | undefined,
): Promise<Found | undefined>;
/** Without a budget it looks until the signal aborts. */
export function pollUntil<Found>(
  options: PollOptions & { readonly budgetMs?: never },
  look: () => Promise<Found | undefined> | Found | undefined,
): Promise<Found>;
export async function pollUntil<Found>(
  { everyMs, signal, budgetMs = Infinity }: PollOptions,
  look: () => Promise<Found | undefined> | Found | undefined,
): Promise<Found | undefined> {
  const untilMs = performance.now() + budgetMs;
  for (;;) {
    signal?.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= untilMs) return undefined;
    await pause(everyMs, signal);
  }
}

/** Waits for some ms, on the timers of `globalThis`, which a test can replace. @throws the signal's reason when it aborts */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason as Error);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
