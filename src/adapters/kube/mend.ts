import { openLoop } from './open-loop.ts';
import type { PodSource } from './run-arrivals.ts';
import { listSlotPods, podsPath } from './slot-book.ts';
import type { LoadPlace, SlotBook } from './slot-book.ts';

/** A load to be brought to what is wanted of it. */
export interface MendRequest {
  readonly place: LoadPlace;
  readonly pods: PodSource;
  /** Slots that shall have a Pod; it may change meanwhile, with the book. */
  readonly wanted: ReadonlySet<number>;
  readonly book: SlotBook;
  readonly parallel: number;
  readonly callBudgetMs: number;
  readonly signal: AbortSignal;
}

/**
 * One look at what is there, after which every wanted slot that had lost its Pod (evicted, or its Node gone) has its next
 * generation. Call it again for as long as Pods may be lost.
 * @returns how many Pods were missing
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export async function replaceMissing(request: MendRequest): Promise<number> {
  const { place, pods, book, wanted } = request;
  const within = { signal: request.signal, budgetMs: request.callBudgetMs };
  const mark = book.mark();
  const present = new Set((await listSlotPods(place, within)).map(({ slot }) => slot));
  const missing = [...wanted].filter((slot) => !present.has(slot));
  const lostAtMs = Date.now();
  let replaced = 0;
  await each(request, missing, (slot) =>
    book.exclusively(slot, async () => {
      // Somebody was at this slot since the list began: it has its Pod, or will be seen missing next time.
      if (!book.unchangedSince(slot, mark) || !wanted.has(slot)) return;
      const generation = book.nextGeneration(slot);
      await place.client.create(podsPath(place.namespace), pods.body(slot, generation, lostAtMs), within);
      book.filled({ name: pods.name(slot, generation), slot, generation });
      replaced++;
    }),
  );
  return replaced;
}

/**
 * One look at what is there, after which no Pod is left in a slot that is not wanted: what a soak that was broken off had on
 * top.
 * @returns how many Pods were removed
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export async function removeSurplus(request: Omit<MendRequest, 'pods'>): Promise<number> {
  const { place, book, wanted } = request;
  const within = { signal: request.signal, budgetMs: request.callBudgetMs };
  const mark = book.mark();
  const surplus = (await listSlotPods(place, within)).filter(({ slot }) => !wanted.has(slot));
  let removed = 0;
  await each(request, surplus, ({ slot, name }) =>
    book.exclusively(slot, async () => {
      if (!book.unchangedSince(slot, mark) || wanted.has(slot)) return;
      await place.client.delete(`${podsPath(place.namespace)}/${name}`, { gracePeriodSeconds: 0 }, within);
      book.emptied(slot);
      removed++;
    }),
  );
  return removed;
}

async function each<Item>(
  { parallel, signal }: Pick<MendRequest, 'parallel' | 'signal'>,
  items: readonly Item[],
  run: (item: Item) => Promise<void>,
): Promise<void> {
  await openLoop({
    count: items.length,
    fromIndex: 0,
    dueAtMs: () => 0,
    parallel,
    signal,
    run: (index) => run(items[index] as Item),
  });
}
