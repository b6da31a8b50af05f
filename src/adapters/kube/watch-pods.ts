import { setTimeout as sleep } from 'node:timers/promises';
import { WATCH_FIRST_PAUSE_MS, WATCH_LONGEST_PAUSE_MS, WATCH_NEWS_MS } from '../../core/plan/limits.ts';
import type { ClusterClient, Listed } from './client.ts';
import { withQuery } from './client.ts';
import { KubeError } from './kube-error.ts';
import { readPod } from './watched-pod.ts';
import type { PodObject, WatchedPod } from './watched-pod.ts';
import { podsPath } from './slot-book.ts';

/** One change of a Pod, as far as an observer can know it. */
export type PodChange =
  | {
      readonly type: 'present';
      readonly pod: WatchedPod;
      /** Found by a list, or by a watch that was opened at `seenSinceMs`. Earlier changes were not seen as they happened. */
      readonly from: 'list' | 'watch';
      readonly seenSinceMs: number;
    }
  | { readonly type: 'gone'; readonly uid: string };

/** How well the watch went. */
export interface WatchStats {
  readonly events: number;
  readonly bookmarks: number;
  /** Lists, the first included. */
  readonly lists: number;
  /** Times the watch resumed from its last version after its connection ended. */
  readonly resumes: number;
  /** Times a list showed changes that a quiet watch had not sent. */
  readonly silent: number;
  /** Failed attempts to list or to connect. */
  readonly failures: number;
}

export interface WatchRequest {
  readonly client: ClusterClient;
  readonly namespace: string;
  readonly labelSelector: string;
  readonly onChange: (change: PodChange) => void;
  readonly signal: AbortSignal;
  /** A watch that is silent for this long is compared with a list. An idle watch is listed this often. */
  readonly quietMs: number;
  /** Budget of a list. */
  readonly listBudgetMs: number;
}

/** A watch under way. */
export interface PodWatch {
  /** Settles when the first list has been read. Rejects when the watch ended before. */
  readonly synced: Promise<void>;
  /** Settles when the signal has aborted and nothing is under way any more; rejects when `onChange` threw. */
  readonly done: Promise<void>;
  stats(): WatchStats;
}

/**
 * Reports every change of the selected Pods until the signal aborts, through lost connections, restarts of the API server and
 * expired versions. It resumes from the last version seen, lists again when that has expired (410), and compares a quiet watch
 * with a list, because a server under load can drop a watch without an error.
 */
export function watchPods(request: WatchRequest): PodWatch {
  const watch = new Watch(request);
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>();
  // A caller that does not wait for it must not fail because of it.
  synced.catch(() => {});
  const done = watch.run(resolve);
  done.then(() => reject(request.signal.reason), reject);
  return { synced, done, stats: () => ({ ...watch.stats }) };
}

/** Why reading a watch ended. */
type End = 'closed' | 'expired' | 'silent';

class Watch {
  readonly stats = { events: 0, bookmarks: 0, lists: 0, resumes: 0, silent: 0, failures: 0 };
  readonly #request: WatchRequest;
  /** Version of each Pod as last reported, by UID. */
  readonly #known = new Map<string, number>();
  /** UIDs reported gone while a check is under way: the list may still show them. */
  #goneMeanwhile: Set<string> | undefined;
  #version = '';
  /** What `onChange` threw: the observer is broken, not the watch. */
  #fault: { readonly cause: unknown } | undefined;

  constructor(request: WatchRequest) {
    this.#request = request;
  }

  async run(onSynced: () => void): Promise<void> {
    const { signal } = this.#request;
    for (let pauseMs = WATCH_FIRST_PAUSE_MS, mustList = true; !signal.aborted;) {
      try {
        if (mustList) this.#take(await this.#list());
        onSynced();
        mustList = false;
        const eventsBefore = this.stats.events + this.stats.bookmarks;
        const end = await this.#follow();
        if (end === 'closed') this.stats.resumes++;
        else mustList = end === 'expired';
        if (this.stats.events + this.stats.bookmarks > eventsBefore) pauseMs = WATCH_FIRST_PAUSE_MS;
      } catch (cause) {
        if (this.#fault !== undefined) throw this.#fault.cause;
        if (signal.aborted) return;
        // No answer of a server ends the watch. The number of failures is reported.
        if (!(cause instanceof KubeError)) throw cause;
        this.stats.failures++;
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, WATCH_LONGEST_PAUSE_MS);
    }
  }

  async #list(): Promise<Listed<WatchedPod>> {
    const { client, namespace, labelSelector, signal, listBudgetMs } = this.#request;
    this.stats.lists++;
    return client.list(podsPath(namespace), { labelSelector, pick: readPod }, { signal, budgetMs: listBudgetMs });
  }

  /** Reports what only the list shows. @returns the number of changes */
  #take(listed: Listed<WatchedPod>): number {
    const listedAtMs = Date.now();
    const version = Number(listed.resourceVersion);
    const present = new Set<string>();
    let changes = 0;
    for (const pod of listed.items) {
      present.add(pod.uid);
      const known = this.#known.get(pod.uid);
      if (this.#goneMeanwhile?.has(pod.uid) === true || (known !== undefined && known >= pod.version)) continue;
      this.#known.set(pod.uid, pod.version);
      this.#emit({ type: 'present', pod, from: 'list', seenSinceMs: listedAtMs });
      changes++;
    }
    for (const [uid, known] of this.#known) {
      // Versions are comparable: a Pod newer than the list is not missing from it.
      if (present.has(uid) || known > version) continue;
      this.#known.delete(uid);
      this.#emit({ type: 'gone', uid });
      changes++;
    }
    if (version > Number(this.#version)) this.#version = listed.resourceVersion;
    return changes;
  }

  /** Reads one connection's events until it ends, its version has expired, or it is found to be silent. */
  async #follow(): Promise<End> {
    const { client, namespace, labelSelector, signal, quietMs } = this.#request;
    const path = withQuery(podsPath(namespace), { labelSelector, watch: '1', resourceVersion: this.#version });
    const own = new AbortController();
    const stream = await client.open(`${path}&allowWatchBookmarks=true`, AbortSignal.any([signal, own.signal]));
    if (stream.status !== 200) {
      await stream.body.dump();
      if (stream.status === 410) return 'expired';
      throw new KubeError(`GET ${path}: ${stream.status}`, stream.status);
    }
    const openedAtMs = Date.now();
    let silent = false;
    let checking: Promise<void> | undefined;
    const check = async (): Promise<void> => {
      // A list that fails means that the server is not well. A new watch will show it.
      const missed = await this.#check().catch(() => undefined);
      checking = undefined;
      silent = missed === true;
      if (missed === false) quiet.refresh();
      else own.abort();
    };
    const onQuiet = (): void => {
      checking ??= check();
    };
    const quiet = setTimeout(onQuiet, quietMs);
    try {
      let rest = '';
      const decoder = new TextDecoder();
      for await (const chunk of stream.body as AsyncIterable<Uint8Array>) {
        quiet.refresh();
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line !== '' && this.#read(line, openedAtMs) === 'expired') return 'expired';
        }
      }
      return 'closed';
    } catch (cause) {
      if (signal.aborted || this.#fault !== undefined || cause instanceof KubeError) throw cause;
      return silent ? 'silent' : 'closed';
    } finally {
      clearTimeout(quiet);
      own.abort();
      await checking;
    }
  }

  #emit(change: PodChange): void {
    try {
      this.#request.onChange(change);
    } catch (cause) {
      this.#fault ??= { cause };
      throw cause;
    }
  }

  /** Compares a quiet watch with a list. @returns whether the watch had not sent a change */
  async #check(): Promise<boolean> {
    this.#goneMeanwhile = new Set();
    try {
      const listed = await this.#list();
      await sleep(WATCH_NEWS_MS, undefined, { signal: this.#request.signal });
      const missed = this.#take(listed) > 0;
      if (missed) this.stats.silent++;
      return missed;
    } finally {
      this.#goneMeanwhile = undefined;
    }
  }

  #read(line: string, openedAtMs: number): 'expired' | undefined {
    const event = JSON.parse(line) as { type: string; object: PodObject & { code?: number } };
    const { object } = event;
    if (event.type === 'ERROR') {
      if (object.code === 410) return 'expired';
      throw new KubeError(`watch of ${this.#request.namespace}: ${JSON.stringify(object)}`, object.code ?? 0);
    }
    this.#version = object.metadata.resourceVersion;
    if (event.type === 'BOOKMARK') {
      this.stats.bookmarks++;
      return undefined;
    }
    this.stats.events++;
    const { uid } = object.metadata;
    if (event.type === 'DELETED') {
      this.#goneMeanwhile?.add(uid);
      if (this.#known.delete(uid)) this.#emit({ type: 'gone', uid });
      return undefined;
    }
    const pod = readPod(object);
    if ((this.#known.get(uid) ?? 0) >= pod.version) return undefined;
    this.#known.set(uid, pod.version);
    this.#emit({ type: 'present', pod, from: 'watch', seenSinceMs: openedAtMs });
    return undefined;
  }
}
