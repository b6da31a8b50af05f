import { setTimeout as sleep } from 'node:timers/promises';
import {
  WATCH_FIRST_PAUSE_MS,
  WATCH_LATE_NEWS_MS,
  WATCH_LONGEST_PAUSE_MS,
  WATCH_NEWS_MS,
  WATCH_NEWS_POLL_MS,
} from '../../core/plan/limits.ts';
import type { ClusterClient } from './client.ts';
import { withQuery } from './client.ts';
import { KubeError } from './kube-error.ts';
import { listPauseMs } from './list-pause.ts';
import { PodVersions } from './pod-versions.ts';
import type { PodList } from './pod-versions.ts';
import { podsPath } from './slot-book.ts';
import { linesOf, podOf, readEvent, readVersion } from './watch-events.ts';
import type { WatchEvent } from './watch-events.ts';
import type { WatchedPod } from './watched-pod.ts';

/** One change of a Pod, as far as an observer can know it. */
export type PodChange =
  | {
      readonly type: 'present';
      readonly pod: WatchedPod;
      /** Found by a list, or by a watch that was opened at `seenSinceMs`. Earlier changes were not seen as they happened. */
      readonly from: 'list' | 'watch';
      readonly seenSinceMs: number;
    }
  | {
      readonly type: 'gone';
      readonly uid: string;
      /** Its last state, as the event of the deletion shows it. Undefined when only a list shows that it is gone. */
      readonly last: WatchedPod | undefined;
    };

/** How well the watch went. */
export interface WatchStats {
  readonly events: number;
  readonly bookmarks: number;
  /** Lists, the first included. */
  readonly lists: number;
  /** Times the watch resumed from its last version after its connection ended. */
  readonly resumes: number;
  /** Times a list showed changes that an open watch had not sent. */
  readonly silent: number;
  /** Times a list contradicted the versions seen before, so that all of it was reported again. */
  readonly replaced: number;
  /** Failed attempts to list or to connect, and connections whose content was not a watch's. */
  readonly failures: number;
  /** The longest time without a confirmed state, ms: until now, and from the watch's begin until the first list. */
  readonly longestUnconfirmedMs: number;
}

export interface WatchRequest {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly labelSelector: string;
  readonly onChange: (change: PodChange) => void;
  readonly signal: AbortSignal;
  /** The shortest pause between two lists that the watch is compared with, ms. It grows with the number of Pods. */
  readonly compareMs: number;
  /** Budget of a page of a list. */
  readonly listBudgetMs: number;
}

/** A watch under way. */
export interface PodWatch {
  /** Settles when the first list has been read. Rejects when the watch ended before. */
  readonly synced: Promise<void>;
  /** Settles when the signal has aborted and nothing is under way any more; rejects when `onChange` threw. */
  readonly done: Promise<void>;
  stats(): WatchStats;
  /**
   * When the last complete list was asked for that confirmed or corrected the state reported, ms since 1970. Undefined before the
   * first list. It does not advance while lists fail.
   */
  confirmedAtMs(): number | undefined;
}

/**
 * Reports every change of the selected Pods until the signal aborts, through lost connections, restarts of the API server,
 * refusals and expired versions. No answer of a server ends it.
 *
 * A server or a proxy can drop events of a watch without an error, and can refuse to open it for as long as it likes. So the
 * state is compared with a list regularly, whether the watch delivers or not. What only the list shows is reported, and a watch
 * that had not sent it is opened again from the list.
 */
export function watchPods(request: WatchRequest): PodWatch {
  const watch = new Watch(request);
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>();
  // A caller that does not wait for it must not fail because of it.
  synced.catch(() => {});
  const done = watch.run(resolve);
  done.then(() => reject(request.signal.reason), reject);
  return { synced, done, stats: () => watch.stats(), confirmedAtMs: () => watch.confirmedAtMs };
}

/** An open connection. */
interface Connection {
  readonly end: AbortController;
  lastNewsMs: number;
}

class Watch {
  confirmedAtMs: number | undefined;
  readonly #counts = { events: 0, bookmarks: 0, lists: 0, resumes: 0, silent: 0, replaced: 0, failures: 0 };
  readonly #request: WatchRequest;
  readonly #versions = new PodVersions();
  /** Aborts when the request's signal does, or when `onChange` threw. */
  readonly #signal: AbortSignal;
  readonly #stop = new AbortController();
  /** What `onChange` threw: the observer is broken, not the watch. */
  #fault: { readonly cause: unknown } | undefined;
  /** The version from which the watch is opened. Undefined: only a list gives one. */
  #from: number | undefined;
  #connection: Connection | undefined;
  /** Lists since the watch could not be opened, or ended without news. Undefined while it delivers. */
  #listsSinceLost: number | undefined;
  #lastConfirmedMs = performance.now();
  #longestUnconfirmedMs = 0;
  /** Ends the pause between two lists, whose length has changed. */
  #wakeLists = (): void => {};
  /** Ends the wait for a version from which the watch can be opened. */
  #wakeOpening = (): void => {};

  constructor(request: WatchRequest) {
    this.#request = request;
    this.#signal = AbortSignal.any([request.signal, this.#stop.signal]);
  }

  async run(onSynced: () => void): Promise<void> {
    await Promise.all([this.#keepListing(onSynced), this.#keepOpen()]);
    if (this.#fault !== undefined) throw this.#fault.cause;
  }

  stats(): WatchStats {
    const unconfirmedMs = performance.now() - this.#lastConfirmedMs;
    return { ...this.#counts, longestUnconfirmedMs: Math.round(Math.max(this.#longestUnconfirmedMs, unconfirmedMs)) };
  }

  async #keepListing(onSynced: () => void): Promise<void> {
    for (let failed = 0; !this.#signal.aborted;) {
      try {
        await this.#compare();
        onSynced();
        failed = 0;
        if (this.#listsSinceLost !== undefined) this.#listsSinceLost++;
      } catch {
        this.#countFailure();
        failed++;
      }
      const endedMs = performance.now();
      const pauseMs = (): number => {
        const { compareMs } = this.#request;
        return listPauseMs({ compareMs, pods: this.#versions.count, failed, listsSinceLost: this.#listsSinceLost });
      };
      for (;;) {
        const leftMs = endedMs + pauseMs() - performance.now();
        if (leftMs <= 0 || this.#signal.aborted) break;
        const woken = new AbortController();
        this.#wakeLists = () => woken.abort();
        await this.#sleep(leftMs, woken.signal);
      }
    }
  }

  /** Reports what only a list shows. */
  async #compare(): Promise<void> {
    const askedAtMs = Date.now();
    const askedMs = performance.now();
    const list = await this.#list();
    const connection = this.#connection;
    await this.#newsOf(list);
    this.#signal.throwIfAborted();
    const { present, gone, replaced } = this.#versions.take(list);
    const seenSinceMs = Date.now();
    for (const pod of present) this.#emit({ type: 'present', pod, from: 'list', seenSinceMs });
    for (const uid of gone) this.#emit({ type: 'gone', uid, last: undefined });
    const silent = present.length + gone.length > 0 && connection !== undefined && connection === this.#connection;
    if (silent) this.#counts.silent++;
    if (replaced) this.#counts.replaced++;
    // A watch that skipped changes may have skipped others after the list. One that was lost may fail again where it ended.
    if (silent || replaced || this.#from === undefined || this.#listsSinceLost !== undefined) this.#from = list.version;
    if (silent || replaced) this.#connection?.end.abort();
    this.#longestUnconfirmedMs = Math.max(this.#longestUnconfirmedMs, performance.now() - this.#lastConfirmedMs);
    this.#lastConfirmedMs = askedMs;
    this.confirmedAtMs = askedAtMs;
    this.#wakeOpening();
  }

  async #list(): Promise<PodList> {
    const { client, namespace, labelSelector, listBudgetMs } = this.#request;
    const newestWhenAsked = this.#versions.newest;
    this.#counts.lists++;
    const within = { signal: this.#signal, budgetMs: listBudgetMs };
    const { items, resourceVersion } = await client.list(podsPath(namespace), { labelSelector, pick: podOf }, within);
    const version = readVersion(resourceVersion);
    const newer = items.find((pod) => pod.version > version);
    if (newer !== undefined) {
      throw new KubeError(`list of Pods at version ${version}: ${newer.name} is newer, ${newer.version}`, 200);
    }
    return { items, version, newestWhenAsked };
  }

  /** Waits until the watch has delivered what a list shows, has skipped it, or delivers nothing more. */
  async #newsOf(list: PodList): Promise<void> {
    const listedMs = performance.now();
    while (this.#from !== undefined && this.#versions.delivered < list.version && this.#versions.differs(list)) {
      if (this.#connection === undefined && this.#listsSinceLost !== undefined) return;
      const quietSinceMs = Math.max(listedMs, this.#connection?.lastNewsMs ?? 0);
      const untilMs = Math.min(quietSinceMs + WATCH_NEWS_MS, listedMs + WATCH_LATE_NEWS_MS);
      if (performance.now() >= untilMs || this.#signal.aborted) return;
      await this.#sleep(WATCH_NEWS_POLL_MS);
    }
  }

  async #keepOpen(): Promise<void> {
    for (let pauseMs = WATCH_FIRST_PAUSE_MS; !this.#signal.aborted;) {
      if (this.#from === undefined) {
        const woken = new AbortController();
        this.#wakeOpening = () => woken.abort();
        await this.#sleep(WATCH_LONGEST_PAUSE_MS, woken.signal);
        continue;
      }
      const newsBefore = this.#counts.events + this.#counts.bookmarks;
      try {
        await this.#follow(this.#from);
      } catch {
        this.#countFailure();
        this.#lose();
      }
      if (this.#counts.events + this.#counts.bookmarks > newsBefore) pauseMs = WATCH_FIRST_PAUSE_MS;
      await this.#sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, WATCH_LONGEST_PAUSE_MS);
    }
  }

  /** Reads one connection's events until it ends, or its version has expired. */
  async #follow(from: number): Promise<void> {
    const { client, namespace, labelSelector } = this.#request;
    const path = withQuery(podsPath(namespace), { labelSelector, watch: '1', resourceVersion: String(from) });
    const end = new AbortController();
    const unanswered = setTimeout(() => this.#lose(), WATCH_LONGEST_PAUSE_MS);
    let delivered = false;
    try {
      const signal = AbortSignal.any([this.#signal, end.signal]);
      const { status, body } = await client.open(`${path}&allowWatchBookmarks=true`, signal);
      // The connection is cut, not read to its end, when it is no longer of use. Its error is of no interest.
      body.on('error', () => {});
      if (status === 410) return this.#expire();
      if (status !== 200) throw new KubeError(`GET ${path}: ${status}`, status);
      clearTimeout(unanswered);
      const openedAtMs = Date.now();
      const connection = { end, lastNewsMs: performance.now() };
      this.#connection = connection;
      this.#versions.opened(from);
      for await (const line of linesOf(body)) {
        if (signal.aborted) return;
        connection.lastNewsMs = performance.now();
        const event = readEvent(line);
        if (event.type === 'expired') return this.#expire();
        this.#take(event, openedAtMs);
        delivered = true;
        this.#listsSinceLost = undefined;
      }
      this.#counts.resumes++;
    } catch (cause) {
      if (end.signal.aborted) return;
      if (this.#connection === undefined || cause instanceof KubeError) throw cause;
      // The connection broke.
      this.#counts.resumes++;
    } finally {
      clearTimeout(unanswered);
      this.#connection = undefined;
      end.abort();
      if (!delivered) this.#lose();
    }
  }

  #take(event: Exclude<WatchEvent, { type: 'expired' }>, openedAtMs: number): void {
    const { version } = event;
    if (event.type === 'bookmark') {
      this.#counts.bookmarks++;
      this.#versions.bookmark(version);
    } else {
      this.#counts.events++;
      if (event.type === 'deleted') {
        const { pod } = event;
        if (this.#versions.deleted(pod.uid, version)) this.#emit({ type: 'gone', uid: pod.uid, last: pod });
      } else if (this.#versions.changed(event.pod.uid, version)) {
        this.#emit({ type: 'present', pod: event.pod, from: 'watch', seenSinceMs: openedAtMs });
      }
    }
    this.#from = version;
  }

  /** Only a list gives a version again from which the watch can be opened. */
  #expire(): void {
    this.#from = undefined;
    this.#lose();
  }

  /** There is no watch that delivers: the next list is due earlier. */
  #lose(): void {
    this.#listsSinceLost ??= 0;
    this.#wakeLists();
  }

  #countFailure(): void {
    if (!this.#signal.aborted) this.#counts.failures++;
  }

  #emit(change: PodChange): void {
    try {
      this.#request.onChange(change);
    } catch (cause) {
      this.#fault ??= { cause };
      this.#stop.abort();
      throw cause;
    }
  }

  /** Waits for some ms, or until the watch ends or the other signal aborts. */
  async #sleep(ms: number, other?: AbortSignal): Promise<void> {
    const signal = other === undefined ? this.#signal : AbortSignal.any([this.#signal, other]);
    await sleep(ms, undefined, { signal }).catch(() => {});
  }
}
