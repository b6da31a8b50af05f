import { AsyncLocalStorage } from 'node:async_hooks';
import { join } from 'node:path';
import { STACK_LOCK_MS } from '../../core/plan/limits.ts';
import { stateFolder } from '../host/folders.ts';
import { withProcessLock } from '../host/process-lock.ts';

/** How to wait for another process that starts or stops the stack. */
export interface StackLockOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: ((elapsedMs: number) => void) | undefined;
}

const holding = new AsyncLocalStorage<AbortSignal>();

/**
 * Runs `action` while no other process starts, stops, joins or leaves this state folder's stack. Within `action` it may be
 * called again. @throws Error when another process keeps the lock for two minutes
 */
export async function withStackLock<T>(
  { signal = new AbortController().signal, onWait }: StackLockOptions,
  action: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const outer = holding.getStore();
  if (outer !== undefined) return action(outer);
  const lock = { waitMs: STACK_LOCK_MS, signal, onWait };
  return withProcessLock(join(stateFolder(), 'locks', 'stack'), lock, () => holding.run(signal, () => action(signal)));
}
