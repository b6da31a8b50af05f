import { Lateness } from './lateness.ts';
import { openLoop } from './open-loop.ts';
import type { PodSource } from './run-arrivals.ts';
import { listSlotPods, podsPath } from './slot-book.ts';
import type { LoadScope, SlotBook } from './slot-book.ts';

/** A load that is brought to what is wanted of it. */
export interface MendRequest {
  readonly scope: LoadScope;
  readonly pods: PodSource;
  /** Slots that need a Pod. It may change while the repair runs, together with the book. */
  readonly wanted: ReadonlySet<number>;
  readonly book: SlotBook;
  readonly parallel: number;
  readonly callBudgetMs: number;
  readonly signal: AbortSignal;
  /** Called with how late each request was sent after the list that showed the need for it, ms. */
  readonly onLate: (lateMs: number) => void;
}

/**
 * Lists the Pods once, then creates the next generation in every wanted slot that lost its Pod (evicted, or its Node is gone).
 * Call it again for as long as Pods may be lost.
 * @returns how many Pods were missing
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export async function replaceMissing(request: MendRequest): Promise<number> {
  const { scope, pods, book, wanted } = request;
  const within = { signal: request.signal, budgetMs: request.callBudgetMs };
  const mark = book.mark();
  const present = new Set((await listSlotPods(scope, within)).map(({ slot }) => slot));
  const missing = [...wanted].filter((slot) => !present.has(slot));
  const seenAtMs = Date.now();
  const lateness = new Lateness(request.onLate);
  let replaced = 0;
  await each(request, missing, (slot) =>
    book.exclusively(slot, async () => {
      // The slot changed after the list began: it has its Pod, or the next repair sees that it has none.
      if (!book.unchangedSince(slot, mark) || !wanted.has(slot)) return;
      const generation = book.nextGeneration(slot);
      const body = pods.body(slot, generation, seenAtMs);
      lateness.sent(seenAtMs);
      await scope.client.create(podsPath(scope.namespace), body, within);
      book.filled({ name: pods.name(slot, generation), slot, generation });
      replaced++;
    }),
  );
  return replaced;
}

/**
 * Lists the Pods once, then deletes every Pod in a slot that is not wanted: what a soak that ended early had on top.
 * @returns how many Pods were removed
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export async function removeSurplus(request: Omit<MendRequest, 'pods'>): Promise<number> {
  const { scope, book, wanted } = request;
  const within = { signal: request.signal, budgetMs: request.callBudgetMs };
  const mark = book.mark();
  const surplus = (await listSlotPods(scope, within)).filter(({ slot }) => !wanted.has(slot));
  const seenAtMs = Date.now();
  const lateness = new Lateness(request.onLate);
  let removed = 0;
  await each(request, surplus, ({ slot, name }) =>
    book.exclusively(slot, async () => {
      if (!book.unchangedSince(slot, mark) || wanted.has(slot)) return;
      lateness.sent(seenAtMs);
      await scope.client.delete(`${podsPath(scope.namespace)}/${name}`, { gracePeriodSeconds: 0 }, within);
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
