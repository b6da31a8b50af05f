import { AsyncLocalStorage } from 'node:async_hooks';
import { join } from 'node:path';
import { STACK_LOCK_MS } from '../../core/plan/limits.ts';
import { stateFolder } from '../host/folders.ts';
import { withLock } from '../host/locks.ts';

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
  options: StackLockOptions,
  action: (held: AbortSignal) => Promise<T>,
): Promise<T> {
  const held = holding.getStore();
  if (held !== undefined) return action(held);
  return withLock(join(stateFolder(), 'stack'), { waitMs: STACK_LOCK_MS, ...options }, (signal) =>
    holding.run(signal, () => action(signal)),
  );
}
