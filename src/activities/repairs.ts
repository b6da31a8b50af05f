import pMap from 'p-map';
import { CONVERSATIONS_AT_ONCE, SOAK_TICK_MS } from '../core/plan/limits.ts';
import { pause } from './pause.ts';

/** A load that may lose Pods. */
export interface RepairableLoad {
  /** Whether Pods that are wanted seem to be missing. It asks no server. */
  isMissingPods(): boolean;
  /** Replaces the Pods that are missing. */
  mend(signal: AbortSignal): Promise<void>;
}

/**
 * Repairs loads until `signal` aborts. Each load is repaired at most once at a time. A slow cluster delays neither the others
 * nor anything else that runs beside it.
 * @throws the first error of a repair, which aborts the others; the signal's reason. Nothing is under way then
 */
export async function repairWhileRunning(loads: readonly RepairableLoad[], signal: AbortSignal): Promise<never> {
  const underWay = new Map<RepairableLoad, Promise<void>>();
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  // p-map asks for the next load only when it may start another repair.
  async function* missing(): AsyncGenerator<RepairableLoad, never> {
    for (;;) {
      for (const load of loads) {
        if (underWay.has(load) || !load.isMissingPods()) continue;
        yield load;
      }
      await pause(SOAK_TICK_MS, inner);
    }
  }
  const repair = async (load: RepairableLoad): Promise<void> => {
    const mending = load.mend(inner);
    underWay.set(load, mending);
    await mending;
    underWay.delete(load);
  };
  try {
    await pMap(missing(), repair, { concurrency: CONVERSATIONS_AT_ONCE });
    // The list of loads ends only by the signal.
    signal.throwIfAborted();
    throw new Error('the repairs ended without a reason');
  } finally {
    stop.abort(new Error('the repairs are over'));
    await Promise.allSettled(underWay.values());
  }
}
