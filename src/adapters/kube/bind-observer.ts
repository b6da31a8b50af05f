import type { PodChange } from './watch-pods.ts';
import type { WatchedPod } from './watched-pod.ts';

/** How many Pods are in which state. */
export interface PodCounts {
  readonly present: number;
  readonly bound: number;
  readonly ready: number;
  /** Present and not bound. */
  readonly pending: number;
  /** Gone since the observer began. */
  readonly deleted: number;
}

/**
 * Called once for each Pod when it is first known to be bound. `latencyMs` counts from the moment at which the Pod should have
 * been created. `coarse`: the binding was not seen as it happened, because it was before the watch was opened, or a list found
 * it. The latency then comes from the scheduler's own time, which has whole seconds, rounded up.
 */
export type OnBind = (latencyMs: number, pod: WatchedPod, coarse: boolean) => void;

const BOUND = 1;
const READY = 2;

/** Counts Pods and measures how long each waited for its Node. It keeps one map entry per Pod. */
export class BindObserver {
  readonly #pods = new Map<string, number>();
  readonly #onBind: OnBind;
  readonly #sinceMs: number;
  #bound = 0;
  #ready = 0;
  #deleted = 0;

  /** Pods that the scheduler bound before `sinceMs` are counted, but not measured: the observer before measured them. */
  constructor(options: { readonly onBind: OnBind; readonly sinceMs: number }) {
    this.#onBind = options.onBind;
    this.#sinceMs = options.sinceMs;
  }

  /** Counts a change. `watchPods` takes it as its `onChange`. */
  readonly take = (change: PodChange): void => {
    if (change.type === 'gone') {
      this.#count(this.#pods.get(change.uid) ?? 0, 0);
      if (this.#pods.delete(change.uid)) this.#deleted++;
      return;
    }
    const { pod } = change;
    const before = this.#pods.get(pod.uid) ?? 0;
    const after = (pod.nodeName === '' ? 0 : BOUND) | (pod.ready ? READY : 0);
    this.#pods.set(pod.uid, after);
    this.#count(before, after);
    if ((before & BOUND) === 0 && (after & BOUND) !== 0) this.#measure(change);
  };

  counts(): PodCounts {
    const present = this.#pods.size;
    return {
      present,
      bound: this.#bound,
      ready: this.#ready,
      pending: present - this.#bound,
      deleted: this.#deleted,
    };
  }

  #count(before: number, after: number): void {
    this.#bound += (after & BOUND) - (before & BOUND);
    this.#ready += ((after & READY) - (before & READY)) / READY;
  }

  #measure({ pod, from, seenSinceMs }: Extract<PodChange, { type: 'present' }>): void {
    if (pod.intendedAtMs === undefined) return;
    const nowMs = Date.now();
    // The scheduler's time has whole seconds: the binding was within the second after it.
    const boundByMs = pod.scheduledAtMs === undefined ? undefined : pod.scheduledAtMs + 1_000;
    const coarse = from === 'list' || (boundByMs !== undefined && boundByMs < seenSinceMs);
    if (coarse && boundByMs !== undefined && boundByMs <= this.#sinceMs) return;
    const boundAtMs = coarse && boundByMs !== undefined ? Math.min(nowMs, boundByMs) : nowMs;
    this.#onBind(Math.max(0, boundAtMs - pod.intendedAtMs), pod, coarse);
  }
}
