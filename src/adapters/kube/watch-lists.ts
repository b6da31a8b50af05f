import {
  API_LONGEST_ATTEMPT_MS,
  WATCH_LATE_NEWS_MS,
  WATCH_NEWS_MS,
  WATCH_NEWS_POLL_MS,
} from '../../core/plan/limits.ts';
import { KubeError } from './kube-error.ts';
import { listPauseMs } from './list-pause.ts';
import type { PodList, PodVersion } from './pod-versions.ts';
import { podsPath } from './slot-book.ts';
import { podOf, podVersionOf, readVersion } from './watch-events.ts';
import type { WatchState } from './watch-state.ts';

/** The lists that a watch is compared with. What only a list shows is reported. */
export class WatchLists {
  readonly #state: WatchState;
  /** Budget of a page, ms. An overloaded server may take longer for each page than the usual one: no list would ever be complete. */
  #pageMs: number;

  constructor(state: WatchState) {
    this.#state = state;
    this.#pageMs = state.request.listBudgetMs;
  }

  /** Lists until the watch ends. @param onSynced called after each list that was read */
  async keep(onSynced: () => void): Promise<void> {
    const state = this.#state;
    for (let failed = 0; !state.signal.aborted;) {
      try {
        state.isListWanted = false;
        await this.#compare();
        onSynced();
        failed = 0;
        if (state.listsSinceLost !== undefined) state.listsSinceLost++;
      } catch (cause) {
        state.failed(cause);
        failed++;
        if (cause instanceof KubeError && cause.status === 0)
          this.#pageMs = Math.max(this.#pageMs, Math.min(2 * this.#pageMs, API_LONGEST_ATTEMPT_MS));
      }
      const endedMs = performance.now();
      const pauseMs = (): number => {
        const { compareMs } = state.request;
        // Lists that fail are asked for again soon anyway.
        if (state.isListWanted && failed === 0) return 0;
        return listPauseMs({ compareMs, pods: state.versions.count, failed, listsSinceLost: state.listsSinceLost });
      };
      for (;;) {
        const leftMs = endedMs + pauseMs() - performance.now();
        if (leftMs <= 0 || state.signal.aborted) break;
        await state.untilListDue(leftMs);
      }
    }
  }

  /** Reports what only a list shows. Where the watch has delivered everything a list of versions, half as large, confirms that. */
  async #compare(): Promise<void> {
    if (!(await this.#hasDeliveredAll())) await this.#compareWhole();
  }

  /** Compares the versions of all Pods. @returns whether that has confirmed the state; false also where a watch does not deliver */
  async #hasDeliveredAll(): Promise<boolean> {
    const state = this.#state;
    if (state.confirmedAtMs === undefined || state.connection === undefined || state.listsSinceLost !== undefined)
      return false;
    const asked = { epochMs: Date.now(), clockMs: performance.now() };
    const list = await this.#list({ pick: podVersionOf, metadataOnly: true });
    await this.#newsOf(list);
    state.signal.throwIfAborted();
    if (state.versions.differs(list)) return false;
    state.versions.take(list);
    this.#goOnFrom(list);
    state.confirmed(asked);
    return true;
  }

  async #compareWhole(): Promise<void> {
    const state = this.#state;
    const asked = { epochMs: Date.now(), clockMs: performance.now() };
    const list = await this.#list({ pick: podOf });
    const connection = state.connection;
    await this.#newsOf(list);
    state.signal.throwIfAborted();
    const { present, gone, replaced } = state.versions.take(list);
    const seenSinceMs = Date.now();
    for (const pod of present) state.emit({ type: 'present', pod, from: 'list', seenSinceMs });
    for (const uid of gone) state.emit({ type: 'gone', uid, last: undefined });
    const silent = present.length + gone.length > 0 && connection !== undefined && connection === state.connection;
    if (silent) state.counts.silent++;
    if (replaced) state.counts.replaced++;
    this.#goOnFrom(list);
    if (silent || replaced) {
      // A watch that skipped changes may have skipped others after the list.
      state.from = list.version;
      state.connection?.end.abort();
    }
    state.confirmed(asked);
  }

  /** Opens a watch that has expired, or was lost, from a list: it may fail again where it ended. */
  #goOnFrom({ version }: PodList<PodVersion>): void {
    const state = this.#state;
    if (state.from === undefined || state.listsSinceLost !== undefined) state.from = version;
  }

  async #list<Pod extends PodVersion>(of: {
    readonly pick: (item: unknown) => Pod;
    readonly metadataOnly?: boolean;
  }): Promise<PodList<Pod>> {
    const state = this.#state;
    const { client, namespace, labelSelector } = state.request;
    const newestWhenAsked = state.versions.newest;
    state.counts.lists++;
    const within = { signal: state.signal, budgetMs: this.#pageMs };
    const onPage = (): void => void (state.listedAtMs = Date.now());
    const options = { labelSelector, onPage, ...of };
    const { items, resourceVersion } = await client.list(podsPath(namespace), options, within);
    this.#pageMs = state.request.listBudgetMs;
    const version = readVersion(resourceVersion);
    const newer = items.find((pod) => pod.version > version);
    if (newer !== undefined) {
      throw new KubeError(`list of Pods at version ${version}: ${newer.name} is newer, ${newer.version}`, 200);
    }
    return { items, version, newestWhenAsked };
  }

  /** Waits until the watch has delivered what a list shows, has skipped it, or delivers nothing more. */
  async #newsOf(list: PodList<PodVersion>): Promise<void> {
    const state = this.#state;
    const listedMs = performance.now();
    while (state.from !== undefined && state.versions.delivered < list.version && state.versions.differs(list)) {
      if (state.connection === undefined && state.listsSinceLost !== undefined) return;
      const quietSinceMs = Math.max(listedMs, state.connection?.lastNewsMs ?? 0);
      const untilMs = Math.min(quietSinceMs + WATCH_NEWS_MS, listedMs + WATCH_LATE_NEWS_MS);
      if (performance.now() >= untilMs || state.signal.aborted) return;
      await state.sleep(WATCH_NEWS_POLL_MS);
    }
  }
}
