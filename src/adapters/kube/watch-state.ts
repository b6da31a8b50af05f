import { setTimeout as sleep } from 'node:timers/promises';
import { PodVersions } from './pod-versions.ts';
import type { PodChange, WatchRequest, WatchStats } from './pod-watch.ts';

/** An open connection. */
export interface Connection {
  readonly end: AbortController;
  lastNewsMs: number;
}

/** What the lists and the stream of one watch share. */
export class WatchState {
  readonly request: WatchRequest;
  readonly versions = new PodVersions();
  /** Aborts when the request's signal does, or when `onChange` threw. */
  readonly signal: AbortSignal;
  counts = noCounts();
  /** The version from which the watch is opened. Undefined: only a list gives one. */
  from: number | undefined;
  connection: Connection | undefined;
  /** Lists since the watch could not be opened, or ended without news. Undefined while it delivers. */
  listsSinceLost: number | undefined;
  confirmedAtMs: number | undefined;
  /** When a page of a list was last answered, ms since 1970. */
  listedAtMs = Date.now();
  #connectedUntilMs = 0;
  /** A list is wanted at once. One that is under way was asked for earlier. */
  isListWanted = false;
  readonly #stop = new AbortController();
  /** What `onChange` threw: the observer is broken, not the watch. */
  #fault: { readonly cause: unknown } | undefined;
  #lastConfirmedMs = performance.now();
  #longestUnconfirmedMs = 0;
  /** Ends the pause between two lists, whose length has changed. */
  #wakeLists = (): void => {};
  /** Ends the wait for a version from which the watch can be opened. */
  #wakeOpening = (): void => {};

  constructor(request: WatchRequest) {
    this.request = request;
    this.signal = AbortSignal.any([request.signal, this.#stop.signal]);
  }

  stats(): WatchStats {
    const unconfirmedMs = performance.now() - this.#lastConfirmedMs;
    return { ...this.counts, longestUnconfirmedMs: Math.round(Math.max(this.#longestUnconfirmedMs, unconfirmedMs)) };
  }

  /** Counts from now on. The time since the last confirmed state remains. */
  restartStats(): void {
    this.counts = noCounts();
    this.#longestUnconfirmedMs = 0;
  }

  /** Nothing is under way any more. @throws what `onChange` threw */
  end(): void {
    if (this.#fault !== undefined) throw this.#fault.cause;
  }

  /** A complete list confirmed or corrected the state. Moments are those at which it was asked for. */
  confirmed(at: { readonly epochMs: number; readonly clockMs: number }): void {
    this.#longestUnconfirmedMs = Math.max(this.#longestUnconfirmedMs, performance.now() - this.#lastConfirmedMs);
    this.#lastConfirmedMs = at.clockMs;
    this.confirmedAtMs = at.epochMs;
    this.#wakeOpening();
  }

  /** The connection has ended. */
  disconnected(): void {
    if (this.connection !== undefined) this.#connectedUntilMs = Date.now();
    this.connection = undefined;
  }

  knownUntilMs(): number {
    return this.connection === undefined ? Math.max(this.confirmedAtMs ?? 0, this.#connectedUntilMs) : Date.now();
  }

  /** There is no watch that delivers: the next list is due earlier. */
  lose(): void {
    this.listsSinceLost ??= 0;
    this.#wakeLists();
  }

  /** The next list is due at once. */
  wantList(): void {
    this.isListWanted = true;
    this.#wakeLists();
  }

  /** A list or a connection failed. */
  failed(cause: unknown): void {
    if (this.signal.aborted) return;
    this.counts.failures++;
    this.request.onFailure?.(cause);
  }

  emit(change: PodChange): void {
    try {
      this.request.onChange(change);
    } catch (cause) {
      this.#fault ??= { cause };
      this.#stop.abort();
      throw cause;
    }
  }

  /** Waits for some ms, until the watch is lost, or until it ends. */
  async untilListDue(ms: number): Promise<void> {
    const woken = new AbortController();
    this.#wakeLists = () => woken.abort();
    await this.sleep(ms, woken.signal);
  }

  /** Waits for some ms, until a list has confirmed the state, or until the watch ends. */
  async untilConfirmed(ms: number): Promise<void> {
    const woken = new AbortController();
    this.#wakeOpening = () => woken.abort();
    await this.sleep(ms, woken.signal);
  }

  /** Waits for some ms, or until the watch ends or the other signal aborts. */
  async sleep(ms: number, other?: AbortSignal): Promise<void> {
    const signal = other === undefined ? this.signal : AbortSignal.any([this.signal, other]);
    await sleep(ms, undefined, { signal }).catch(() => {});
  }
}

function noCounts(): Record<Exclude<keyof WatchStats, 'longestUnconfirmedMs'>, number> {
  return { events: 0, bookmarks: 0, lists: 0, resumes: 0, silent: 0, replaced: 0, failures: 0 };
}
