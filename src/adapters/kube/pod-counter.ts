import type { PodChange } from './pod-watch.ts';

/** How many Pods are in which state. A Pod that has Failed or Succeeded counts as deleted. */
export interface PodCounts {
  readonly present: number;
  /** Wanted slots with a Pod that is bound and alive: it has not Failed or Succeeded, and is not being deleted. */
  readonly bound: number;
  /** Wanted slots with a Pod that is alive and Ready. */
  readonly ready: number;
  /** Pods that are alive and not bound. */
  readonly pending: number;
  /** Gone since the counting began. */
  readonly deleted: number;
}

/** The slots that are wanted. Changes of the set are counted at once. */
class WantedSlots extends Set<number> {
  onChange: ((slot: number, change: 1 | -1) => void) | undefined;

  override add(slot: number): this {
    if (!this.has(slot)) {
      super.add(slot);
      this.onChange?.(slot, 1);
    }
    return this;
  }

  override delete(slot: number): boolean {
    const had = super.delete(slot);
    if (had) this.onChange?.(slot, -1);
    return had;
  }
}

/** State of one Pod, in bits. */
const ALIVE = 1;
const BOUND = 2;
const READY = 4;
const FINISHED = 8;

interface Counted {
  readonly slot: number;
  readonly sentAtMs: number | undefined;
  state: number;
}

/** Pods of one slot that are alive and bound, and those that are alive and Ready. */
interface SlotState {
  bound: number;
  ready: number;
}

/**
 * Counts Pods as a watch reports them. Bound and Ready Pods are counted by wanted slot: neither a Pod in a slot that is not
 * wanted nor a second Pod of a slot replaces a missing one. It keeps one small entry per Pod.
 */
export class PodCounter {
  readonly #pods = new Map<string, Counted>();
  readonly #slots = new Map<number, SlotState>();
  #wanted = new WantedSlots();
  #finished = 0;
  #pending = 0;
  #bound = 0;
  #ready = 0;
  #deleted = 0;

  /** @param wanted the slots that are wanted at first */
  constructor(wanted: Iterable<number>) {
    this.want(wanted);
  }

  /** Replaces the slots that are wanted. @returns the set of them; what is added to it and deleted from it counts at once */
  want(slots: Iterable<number>): Set<number> {
    const wanted = new WantedSlots();
    for (const slot of slots) wanted.add(slot);
    this.#wanted.onChange = undefined;
    this.#wanted = wanted;
    this.#bound = 0;
    this.#ready = 0;
    const change = (slot: number, by: 1 | -1): void => {
      const state = this.#slots.get(slot);
      if (state === undefined) return;
      if (state.bound > 0) this.#bound += by;
      if (state.ready > 0) this.#ready += by;
    };
    wanted.onChange = change;
    for (const slot of wanted) change(slot, 1);
    return wanted;
  }

  /** Counts a change. */
  take(change: PodChange): void {
    if (change.type === 'gone') {
      const known = this.#pods.get(change.uid);
      if (known === undefined) return;
      this.#pods.delete(change.uid);
      this.#move(known, 0);
      if ((known.state & FINISHED) !== 0) this.#finished--;
      else this.#deleted++;
      return;
    }
    const { uid, slot, sentAtMs, nodeName, ready, deleting, finished } = change.pod;
    const state =
      (finished || deleting ? 0 : ALIVE) |
      (nodeName === '' ? 0 : BOUND) |
      (ready ? READY : 0) |
      (finished ? FINISHED : 0);
    let known = this.#pods.get(uid);
    if (known === undefined) {
      known = { slot, sentAtMs, state: 0 };
      this.#pods.set(uid, known);
    }
    this.#move(known, state);
    const finishing = Number(finished) - Number((known.state & FINISHED) !== 0);
    this.#finished += finishing;
    if (finishing > 0) this.#deleted++;
    known.state = state;
  }

  counts(): PodCounts {
    return {
      present: this.#pods.size - this.#finished,
      bound: this.#bound,
      ready: this.#ready,
      pending: this.#pending,
      deleted: this.#deleted,
    };
  }

  /** When the create request of the oldest pending Pod was sent, ms since 1970; undefined when none is pending. */
  oldestPendingSentAtMs(): number | undefined {
    if (this.#pending === 0) return undefined;
    let oldest: number | undefined;
    for (const { sentAtMs, state } of this.#pods.values()) {
      if (sentAtMs !== undefined && isPending(state) && sentAtMs < (oldest ?? Number.POSITIVE_INFINITY))
        oldest = sentAtMs;
    }
    return oldest;
  }

  /** Counts the change of a Pod's state within its slot. */
  #move({ slot, state: before }: Counted, after: number): void {
    this.#pending += Number(isPending(after)) - Number(isPending(before));
    const bound = Number(isBound(after)) - Number(isBound(before));
    const ready = Number(isReady(after)) - Number(isReady(before));
    if (bound === 0 && ready === 0) return;
    let state = this.#slots.get(slot);
    if (state === undefined) {
      state = { bound: 0, ready: 0 };
      this.#slots.set(slot, state);
    }
    const had = { bound: state.bound > 0, ready: state.ready > 0 };
    state.bound += bound;
    state.ready += ready;
    if (!this.#wanted.has(slot)) return;
    this.#bound += Number(state.bound > 0) - Number(had.bound);
    this.#ready += Number(state.ready > 0) - Number(had.ready);
  }
}

function isPending(state: number): boolean {
  return (state & (ALIVE | BOUND)) === ALIVE;
}

function isBound(state: number): boolean {
  return (state & (ALIVE | BOUND)) === (ALIVE | BOUND);
}

function isReady(state: number): boolean {
  return (state & (ALIVE | READY)) === (ALIVE | READY);
}
