import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lock } from 'proper-lockfile';
import { LOCK_POLL_MS, LOCK_STALE_MS } from '../../core/plan/limits.ts';

/** How to wait for a lock. */
export interface LockOptions {
  /** Longest wait for another holder. */
  readonly waitMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called again and again while another process holds the lock. */
  readonly onWait?: ((elapsedMs: number) => void) | undefined;
}

/**
 * Runs `action` while this process holds the lock beside `path` (a folder `<path>.lock`). Locks hold between processes and
 * within one. `held` aborts when the lock was lost, e.g. after this process was stopped for longer than others wait.
 * @throws Error when it could not be had within `waitMs`; the signal's reason when that aborted the wait
 */
export async function withLock<T>(
  path: string,
  options: LockOptions,
  action: (held: AbortSignal) => Promise<T>,
): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  const lost = new AbortController();
  const release = await acquire(path, options, lost);
  try {
    const held = options.signal === undefined ? lost.signal : AbortSignal.any([lost.signal, options.signal]);
    return await action(held);
  } finally {
    // A lock that was lost belongs to somebody else now: releasing it fails, and should.
    await release().catch(() => undefined);
  }
}

async function acquire(path: string, options: LockOptions, lost: AbortController): Promise<() => Promise<void>> {
  const startedAtMs = Date.now();
  for (;;) {
    options.signal?.throwIfAborted();
    try {
      return await lock(path, {
        realpath: false,
        stale: LOCK_STALE_MS,
        update: LOCK_STALE_MS / 4,
        onCompromised: (cause) => lost.abort(new Error(`lost the lock ${path}.lock: ${cause.message}`)),
      });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ELOCKED') throw cause;
    }
    const elapsedMs = Date.now() - startedAtMs;
    if (elapsedMs > options.waitMs) {
      throw new Error(
        `another process has held ${path}.lock for ${Math.round(elapsedMs / 1000)} s; when none runs, remove that folder`,
      );
    }
    options.onWait?.(elapsedMs);
    await sleep(LOCK_POLL_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
}
