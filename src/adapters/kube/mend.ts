import { openLoop } from './open-loop.ts';
import { PodRequests, type PodSource } from './pod-requests.ts';
import { listSlotPods } from './slot-book.ts';
import type { ListedPod, LoadScope, SlotBook } from './slot-book.ts';

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
 * Lists the Pods once, then creates the next generation in every wanted slot that lost its Pod: it was evicted, its Node is gone,
 * or it has Failed or Succeeded. A Pod that has Failed or Succeeded is deleted first. Call it again for as long as Pods may be lost.
 * @returns how many Pods were missing
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export async function replaceMissing(request: MendRequest): Promise<number> {
  const { scope, pods, book, wanted } = request;
  const within = { signal: request.signal, budgetMs: request.callBudgetMs };
  const mark = book.mark();
  const listed = await listSlotPods(scope, within);
  const present = new Set(listed.filter(({ finished }) => !finished).map(({ slot }) => slot));
  const finished = finishedBySlot(listed);
  const missing = [...wanted].filter((slot) => !present.has(slot));
  const seenAtMs = Date.now();
  const requests = new PodRequests({ scope, within, onLate: request.onLate });
  let replaced = 0;
  await each(request, missing, (slot) =>
    book.exclusively(slot, async () => {
      // The slot changed after the list began: it has its Pod, or the next repair sees that it has none.
      if (!book.unchangedSince(slot, mark) || !wanted.has(slot)) return;
      let deletedInMs = 0;
      for (const pod of finished.get(slot) ?? []) {
        deletedInMs += await requests.delete(pod.name, seenAtMs);
        book.finished(pod);
      }
      const generation = book.nextGeneration(slot);
      await requests.create(pods, { slot, generation, intendedAtMs: seenAtMs }, deletedInMs);
      book.filled({ name: pods.name(slot, generation), slot, generation }, Date.now());
      replaced++;
    }),
  );
  return replaced;
}

/**
 * Lists the Pods once, then deletes every Pod in a slot that is not wanted: what a soak that ended early had on top. Pods that
 * have Failed or Succeeded are deleted in all slots.
 * @returns how many Pods were removed
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export async function removeSurplus(request: Omit<MendRequest, 'pods'>): Promise<number> {
  const { scope, book, wanted } = request;
  const within = { signal: request.signal, budgetMs: request.callBudgetMs };
  const mark = book.mark();
  const surplus = (await listSlotPods(scope, within)).filter(({ slot, finished }) => finished || !wanted.has(slot));
  const seenAtMs = Date.now();
  const requests = new PodRequests({ scope, within, onLate: request.onLate });
  let removed = 0;
  await each(request, surplus, (pod) =>
    book.exclusively(pod.slot, async () => {
      const { slot, name, finished } = pod;
      if (!finished && (!book.unchangedSince(slot, mark) || wanted.has(slot))) return;
      await requests.delete(name, seenAtMs);
      if (finished) book.finished(pod);
      else book.emptied(slot);
      removed++;
    }),
  );
  return removed;
}

/** Pods that have Failed or Succeeded, by slot. */
function finishedBySlot(pods: readonly ListedPod[]): ReadonlyMap<number, readonly ListedPod[]> {
  return Map.groupBy(
    pods.filter(({ finished }) => finished),
    ({ slot }) => slot,
  );
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
