import { pause } from '../host/poll-until.ts';
import { LABELS } from '../../core/plan/labels.ts';
import type { ClusterClient, ObjectMeta, Selection } from './client.ts';
import type { PodRecorder } from './pod-recorder.ts';
import type { Within } from './api-request.ts';

/** Where the load's Pods are. */
export interface LoadScope {
  readonly client: Pick<ClusterClient, 'list' | 'create' | 'delete'>;
  readonly namespace: string;
  /** Selects the campaign's Pods. */
  readonly labelSelector: string;
  /** Gets the answers of the requests that create and delete the load's Pods. */
  readonly recorder?: PodRecorder;
}

/** A Pod of the load, read from its labels. */
export interface SlotPod {
  readonly name: string;
  readonly slot: number;
  readonly generation: number;
}

/** A Pod of the load, as a list shows it. */
export interface ListedPod extends SlotPod {
  /** It has Failed or Succeeded. Its slot is empty, but its name is taken. */
  readonly finished: boolean;
}

/**
 * Which generation of each slot is alive. Everything that creates or deletes Pods keeps it up to date. Churn and the
 * replacement of lost Pods share one book, so that neither fills a slot that the other just filled.
 */
export class SlotBook {
  readonly #live = new Map<number, SlotPod>();
  readonly #lastGeneration = new Map<number, number>();
  readonly #createdAtMs = new Map<number, number>();
  readonly #changedAt = new Map<number, number>();
  readonly #busy = new Map<number, Promise<void>>();
  readonly #firstGeneration: number;
  #changes = 0;

  constructor(firstGeneration = 0) {
    this.#firstGeneration = firstGeneration;
  }

  /** The book of the Pods that exist now. `firstGeneration`: new Pods are of no earlier one. */
  static async read(scope: LoadScope, within: Within, firstGeneration = 0): Promise<SlotBook> {
    const book = new SlotBook(firstGeneration);
    for (const pod of await listSlotPods(scope, within)) {
      if (pod.finished) book.finished(pod);
      else book.filled(pod);
    }
    return book;
  }

  /** The newest Pod of a slot; undefined when the slot is empty. */
  live(slot: number): SlotPod | undefined {
    return this.#live.get(slot);
  }

  /** Slots that have a Pod. */
  get size(): number {
    return this.#live.size;
  }

  /** The generation that comes after all those known of a slot. */
  nextGeneration(slot: number): number {
    return Math.max(this.#firstGeneration, (this.#lastGeneration.get(slot) ?? -1) + 1);
  }

  /** Waits until the slot's Pod is so old, at most that long. @throws the signal's reason */
  async aged(slot: number, ageMs: number, signal: AbortSignal): Promise<void> {
    const leftMs = (this.#createdAtMs.get(slot) ?? -Infinity) + ageMs - Date.now();
    // A clock that was set back makes it no longer.
    if (leftMs > 0) await pause(Math.min(leftMs, ageMs), signal);
  }

  /** @param createdAtMs when the Pod was created, if it was just now; absent = before this book was read */
  filled(pod: SlotPod, createdAtMs?: number): void {
    if (createdAtMs !== undefined) this.#createdAtMs.set(pod.slot, createdAtMs);
    const known = this.#live.get(pod.slot);
    if (known === undefined || known.generation < pod.generation) this.#live.set(pod.slot, pod);
    this.#lastGeneration.set(pod.slot, Math.max(this.#lastGeneration.get(pod.slot) ?? 0, pod.generation));
    this.#changedAt.set(pod.slot, ++this.#changes);
  }

  /** Takes note of a Pod that has Failed or Succeeded: its slot is empty, and its generation was used. */
  finished({ slot, generation, name }: SlotPod): void {
    if (this.#live.get(slot)?.name === name) this.#live.delete(slot);
    this.#lastGeneration.set(slot, Math.max(this.#lastGeneration.get(slot) ?? 0, generation));
  }

  emptied(slot: number): void {
    this.#live.delete(slot);
    this.#changedAt.set(slot, ++this.#changes);
  }

  /** The present point, for `unchangedSince`. */
  mark(): number {
    return this.#changes;
  }

  unchangedSince(slot: number, mark: number): boolean {
    return (this.#changedAt.get(slot) ?? 0) <= mark;
  }

  /** Runs `change` while nothing else changes this slot. */
  async exclusively(slot: number, change: () => Promise<void>): Promise<void> {
    while (this.#busy.has(slot)) await this.#busy.get(slot);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#busy.set(slot, promise);
    try {
      await change();
    } finally {
      this.#busy.delete(slot);
      resolve();
    }
  }
}

/** The load's Pods that exist and are not being deleted. Those that have Failed or Succeeded are marked. */
export async function listSlotPods(scope: LoadScope, within: Within): Promise<readonly ListedPod[]> {
  // A list of metadata alone is small, but does not show the phase. Hence the second list, which is nearly always empty.
  const [all, finished] = await Promise.all([
    list(scope, {}, within),
    list(scope, { fieldSelector: FINISHED }, within),
  ]);
  const uids = new Set(finished.map(({ uid }) => uid));
  return all.flatMap(({ uid, pod }) => (pod === undefined ? [] : [{ ...pod, finished: uids.has(uid) }]));
}

interface ListedItem {
  readonly uid: string;
  /** Undefined when it is being deleted, or is no Pod of a slot. */
  readonly pod: SlotPod | undefined;
}

async function list(
  { client, namespace, labelSelector }: LoadScope,
  selection: Selection,
  within: Within,
): Promise<readonly ListedItem[]> {
  const options = { ...selection, labelSelector, metadataOnly: true, pick: itemOf };
  return (await client.list(podsPath(namespace), options, within)).items;
}

function itemOf({ metadata }: { metadata: ObjectMeta }): ListedItem {
  return { uid: metadata.uid, pod: slotPodOf(metadata) };
}

/** Selects Pods of the phases Failed and Succeeded: a field selector cannot say "or". */
const FINISHED = 'status.phase!=Pending,status.phase!=Running,status.phase!=Unknown';

/** Collection of a namespace's Pods. */
export function podsPath(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}

function slotPodOf({ name, labels, deletionTimestamp }: ObjectMeta): SlotPod | undefined {
  const slot = Number(labels?.[LABELS.slot] ?? Number.NaN);
  const generation = Number(labels?.[LABELS.generation] ?? Number.NaN);
  if (deletionTimestamp !== undefined || !Number.isInteger(slot) || !Number.isInteger(generation)) return undefined;
  return { name, slot, generation };
}
