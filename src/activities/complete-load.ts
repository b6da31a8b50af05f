import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import { waitingText } from './observing.ts';

/** A load whose operations are done. */
export interface CompleteRequest {
  readonly load: { complete(signal: AbortSignal): Promise<void> };
  readonly clusters: readonly Pick<ObservedCluster, 'observation' | 'waitingFor'>[];
  /** Until when it may take, ms since 1970. */
  readonly untilMs: number;
  readonly signal: AbortSignal;
}

/**
 * Brings the Pods of a load to what is wanted. A server that does not answer until the end of the time does not keep the soak from
 * its end: the counts of its Pods rest on an old state then, and their readings say so.
 * @returns what the load still waited for when the time was over; undefined when it is complete
 * @throws KubeError; the signal's reason
 */
export async function completeLoad({ load, clusters, untilMs, signal }: CompleteRequest): Promise<string | undefined> {
  const limit = new AbortController();
  let waiting = '';
  const timer = setTimeout(() => {
    waiting = waitingText(clusters);
    limit.abort(new Error('the last Pods had their time'));
  }, untilMs - Date.now());
  try {
    await load.complete(AbortSignal.any([signal, limit.signal]));
    return undefined;
  } catch (cause) {
    if (!limit.signal.aborted || signal.aborted) throw cause;
    return waiting;
  } finally {
    clearTimeout(timer);
  }
}
