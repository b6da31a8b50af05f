import { LABELS } from '../../core/plan/labels.ts';
import type { ClusterClient, ObjectMeta, Selection } from './client.ts';
import type { Within } from './transport.ts';

/** Where the load's Pods are. */
export interface LoadScope {
  readonly client: Pick<ClusterClient, 'list' | 'create' | 'delete'>;
  readonly namespace: string;
  /** Selects the campaign's Pods. */
  readonly labelSelector: string;
}

/** A Pod of the load, read from its labels. */
export interface SlotPod {
  readonly name: string;
  readonly slot: number;
  readonly generation: number;
}

/**
 * Which generation of each slot is alive. Everything that creates or deletes Pods keeps it up to date. Churn and the
 * replacement of lost Pods share one book, so that neither fills a slot that the other just filled.
 */
export class SlotBook {
  readonly #live = new Map<number, SlotPod>();
  readonly #lastGeneration = new Map<number, number>();
  readonly #changedAt = new Map<number, number>();
  readonly #busy = new Map<number, Promise<void>>();
  #changes = 0;

  /** The book of the Pods that exist now. */
  static async read(scope: LoadScope, within: Within): Promise<SlotBook> {
    const book = new SlotBook();
    for (const pod of await listSlotPods(scope, within)) book.filled(pod);
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
    return (this.#lastGeneration.get(slot) ?? -1) + 1;
  }

  filled(pod: SlotPod): void {
    const known = this.#live.get(pod.slot);
    if (known === undefined || known.generation < pod.generation) this.#live.set(pod.slot, pod);
    this.#lastGeneration.set(pod.slot, Math.max(this.#lastGeneration.get(pod.slot) ?? 0, pod.generation));
    this.#changedAt.set(pod.slot, ++this.#changes);
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

/** The load's Pods that exist and are not being deleted. */
export async function listSlotPods(scope: LoadScope, within: Within): Promise<readonly SlotPod[]> {
  const selection: Selection = { labelSelector: scope.labelSelector };
  const { items } = await scope.client.list(
    podsPath(scope.namespace),
    { ...selection, metadataOnly: true, pick: ({ metadata }: { metadata: ObjectMeta }) => slotPodOf(metadata) },
    within,
  );
  return items.filter((pod) => pod !== undefined);
}

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
