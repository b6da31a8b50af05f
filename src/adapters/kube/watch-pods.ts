import type { PodWatch, WatchRequest } from './pod-watch.ts';
import { WatchLists } from './watch-lists.ts';
import { WatchState } from './watch-state.ts';
import { WatchStream } from './watch-stream.ts';

/**
 * Reports every change of the selected Pods until the signal aborts, through lost connections, restarts of the API server,
 * refusals and expired versions. No answer of a server ends it.
 *
 * A server or a proxy can drop events of a watch without an error, and can refuse to open it for as long as it likes. So the
 * state is compared with a list regularly, whether the watch delivers or not. What only the list shows is reported, and a watch
 * that had not sent it is opened again from the list.
 */
export function watchPods(request: WatchRequest): PodWatch {
  const state = new WatchState(request);
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>();
  // A caller that does not wait for it must not fail because of it.
  synced.catch(() => {});
  const done = Promise.all([new WatchLists(state).keep(resolve), new WatchStream(state).keep()]).then(() =>
    state.end(),
  );
  done.then(() => reject(request.signal.reason), reject);
  return {
    synced,
    done,
    stats: () => state.stats(),
    restartStats: () => state.restartStats(),
    confirmedAtMs: () => state.confirmedAtMs,
    listedAtMs: () => state.listedAtMs,
    knownUntilMs: () => state.knownUntilMs(),
    confirm: () => state.wantList(),
  };
}
