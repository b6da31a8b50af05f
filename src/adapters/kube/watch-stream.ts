import { API_LIST_OBJECTS, WATCH_FIRST_PAUSE_MS, WATCH_LONGEST_PAUSE_MS } from '../../core/plan/limits.ts';
import { withQuery } from './client.ts';
import { KubeError } from './kube-error.ts';
import { podsPath } from './slot-book.ts';
import { linesOf, readEvent } from './watch-events.ts';
import type { WatchEvent } from './watch-events.ts';
import type { WatchState } from './watch-state.ts';

/** The stream of a watch's events, opened again whenever it ends. */
export class WatchStream {
  readonly #state: WatchState;
  /** Whether the connection has sent an event or a bookmark. */
  #delivered = false;

  constructor(state: WatchState) {
    this.#state = state;
  }

  /** Follows the events until the watch ends. */
  async keep(): Promise<void> {
    const state = this.#state;
    for (let pauseMs = WATCH_FIRST_PAUSE_MS; !state.signal.aborted;) {
      if (state.from === undefined) {
        await state.untilConfirmed(WATCH_LONGEST_PAUSE_MS);
        continue;
      }
      this.#delivered = false;
      try {
        await this.#follow(state.from);
      } catch (cause) {
        state.failed(cause);
        state.lose();
      }
      if (this.#delivered) pauseMs = WATCH_FIRST_PAUSE_MS;
      await state.sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, WATCH_LONGEST_PAUSE_MS);
    }
  }

  /** Reads one connection's events until it ends, or its version has expired. */
  async #follow(from: number): Promise<void> {
    const state = this.#state;
    const { client, namespace, labelSelector } = state.request;
    const path = withQuery(podsPath(namespace), { labelSelector, watch: '1', resourceVersion: String(from) });
    const end = new AbortController();
    const unanswered = setTimeout(() => state.lose(), WATCH_LONGEST_PAUSE_MS);
    try {
      const signal = AbortSignal.any([state.signal, end.signal]);
      const { status, body } = await client.open(`${path}&allowWatchBookmarks=true`, signal);
      // The connection is cut, not read to its end, when it is no longer of use. Its error is of no interest.
      body.on('error', () => {});
      if (status === 410) return this.#expire();
      if (status !== 200) throw new KubeError(`GET ${path}: ${status}`, status);
      clearTimeout(unanswered);
      const openedAtMs = Date.now();
      const connection = { end, lastNewsMs: performance.now() };
      state.connection = connection;
      state.versions.opened(from);
      for await (const line of linesOf(body)) {
        if (signal.aborted) return;
        connection.lastNewsMs = performance.now();
        const event = readEvent(line);
        if (event.type === 'expired') return this.#expire();
        if (state.versions.kept > API_LIST_OBJECTS)
          throw new KubeError(
            `watch: more than ${API_LIST_OBJECTS} Pods, those that are gone included: the most that are watched`,
            status,
          );
        this.#take(event, openedAtMs);
        this.#delivered = true;
        state.listsSinceLost = undefined;
      }
      state.counts.resumes++;
    } catch (cause) {
      if (end.signal.aborted) return;
      if (state.connection === undefined || cause instanceof KubeError) throw cause;
      // The connection broke.
      state.counts.resumes++;
    } finally {
      clearTimeout(unanswered);
      state.disconnected();
      end.abort();
      if (!this.#delivered) state.lose();
    }
  }

  #take(event: Exclude<WatchEvent, { type: 'expired' }>, openedAtMs: number): void {
    const state = this.#state;
    const { version } = event;
    if (event.type === 'bookmark') {
      state.counts.bookmarks++;
      state.versions.bookmark(version);
    } else {
      state.counts.events++;
      if (event.type === 'deleted') {
        const { pod } = event;
        if (state.versions.deleted(pod.uid, version)) state.emit({ type: 'gone', uid: pod.uid, last: pod });
      } else if (state.versions.changed(event.pod.uid, version)) {
        state.emit({ type: 'present', pod: event.pod, from: 'watch', seenSinceMs: openedAtMs });
      }
    }
    state.from = version;
  }

  /** Only a list gives a version again from which the watch can be opened. */
  #expire(): void {
    const state = this.#state;
    state.from = undefined;
    state.lose();
  }
}
