import type { PodChange } from './watch-pods.ts';
import type { WatchedPod } from './watched-pod.ts';

/**
 * Called once for each Pod when it is first known to be bound. `latencyMs` counts from the moment at which its create request
 * was sent. `coarse`: the binding was not seen as it happened, because it was before the watch was opened, or a list found
 * it. The latency then comes from the scheduler's own time, which has whole seconds, rounded up.
 */
export type OnBind = (latencyMs: number, pod: WatchedPod, coarse: boolean) => void;

/** Measures how long each Pod waited for its Node. It keeps one entry per bound Pod. */
export class BindObserver {
  readonly #bound = new Set<string>();
  readonly #onBind: OnBind;
  readonly #sinceMs: number;

  /** Pods that the scheduler bound before `sinceMs` are not measured: the observer before measured them. */
  constructor(options: { readonly onBind: OnBind; readonly sinceMs: number }) {
    this.#onBind = options.onBind;
    this.#sinceMs = options.sinceMs;
  }

  take(change: PodChange): void {
    if (change.type === 'gone') {
      this.#bound.delete(change.uid);
      return;
    }
    const { uid, nodeName } = change.pod;
    if (nodeName === '' || this.#bound.has(uid)) return;
    this.#bound.add(uid);
    this.#measure(change);
  }

  #measure({ pod, from, seenSinceMs }: Extract<PodChange, { type: 'present' }>): void {
    if (pod.sentAtMs === undefined) return;
    const nowMs = Date.now();
    // The scheduler's time has whole seconds: the binding was within the second after it.
    const boundByMs = pod.scheduledAtMs === undefined ? undefined : pod.scheduledAtMs + 1_000;
    const coarse = from === 'list' || (boundByMs !== undefined && boundByMs < seenSinceMs);
    if (coarse && boundByMs !== undefined && boundByMs <= this.#sinceMs) return;
    const boundAtMs = coarse && boundByMs !== undefined ? Math.min(nowMs, boundByMs) : nowMs;
    this.#onBind(Math.max(0, boundAtMs - pod.sentAtMs), pod, coarse);
  }
}
