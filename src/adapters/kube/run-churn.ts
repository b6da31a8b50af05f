import type { ChurnOperation } from '../../core/plan/churn.ts';
import { Lateness } from './lateness.ts';
import type { LatenessSummary } from './lateness.ts';
import { openLoop, throttled } from './open-loop.ts';
import type { PodSource } from './run-arrivals.ts';
import { listSlotPods, podsPath } from './slot-book.ts';
import type { LoadPlace, SlotBook } from './slot-book.ts';

export interface ChurnRequest {
  readonly place: LoadPlace;
  readonly pods: PodSource;
  readonly operations: readonly ChurnOperation[];
  /** Start of the soak, ms since 1970: the same again when it is resumed. */
  readonly startAtMs: number;
  /** `lowWater` of an earlier run's progress; 0 = from the beginning. */
  readonly fromOperation: number;
  readonly parallel: number;
  readonly callBudgetMs: number;
  readonly signal: AbortSignal;
  /** Shared with `replaceMissing` when both run at once. */
  readonly book: SlotBook;
  /** Called about twice a second while it moves on. */
  readonly onProgress: (progress: ChurnProgress) => void;
}

export interface ChurnProgress {
  readonly operations: number;
  /** Operations below this one are done: what a later run goes on from. */
  readonly lowWater: number;
  readonly replaced: number;
  /** Were done already, by an earlier run. */
  readonly skipped: number;
}

export interface ChurnReport extends Omit<ChurnProgress, 'lowWater'> {
  /** Slots that were empty when their turn came: only created. */
  readonly filled: number;
  readonly retries: number;
  /** From the intended moment until the deletion was sent. */
  readonly sentLate: LatenessSummary;
}

const PROGRESS_EVERY_MS = 500;

/**
 * Replaces Pods at their intended times: the slot's Pod is deleted at once, its next generation created. It goes by what is
 * there: a slot at or past an operation's generation has that operation behind it, a slot left empty when a run was cut
 * off gets its Pod. At the end every slot touched has exactly one Pod.
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export async function runChurn(request: ChurnRequest): Promise<ChurnReport> {
  const { place, operations, book, signal } = request;
  const within = { signal, budgetMs: request.callBudgetMs };
  const beganAtMs = Date.now();
  const path = podsPath(place.namespace);
  const sentLate = new Lateness();
  const counts = { replaced: 0, skipped: 0, filled: 0, retries: 0 };

  const replace = async ({ slot, generation, atMs }: ChurnOperation): Promise<void> => {
    const live = book.live(slot);
    if (live !== undefined && live.generation >= generation) {
      counts.skipped++;
      return;
    }
    // What fell due while nothing ran is intended for now: the system under test is not to blame for the gap.
    const intendedAtMs = Math.max(request.startAtMs + atMs, beganAtMs);
    sentLate.add(Date.now() - intendedAtMs);
    if (live === undefined) counts.filled++;
    else {
      const deleted = await place.client.delete(`${path}/${live.name}`, { gracePeriodSeconds: 0 }, within);
      counts.retries += deleted.attempts - 1;
      book.emptied(slot);
    }
    // A lost Pod may have been replaced by a later generation in between: never below what was.
    const next = Math.max(generation, book.nextGeneration(slot));
    const body = request.pods.body(slot, next, intendedAtMs);
    const created = await place.client.create(path, body, within);
    counts.retries += created.attempts - 1;
    counts.replaced++;
    book.filled({ name: request.pods.name(slot, next), slot, generation: next });
  };

  const total = operations.length;
  const report = throttled(PROGRESS_EVERY_MS, request.onProgress);
  await openLoop({
    count: total,
    fromIndex: Math.min(request.fromOperation, total),
    dueAtMs: (index) => request.startAtMs + (operations[index]?.atMs ?? 0),
    parallel: request.parallel,
    signal,
    run: async (index) => {
      const operation = operations[index];
      if (operation !== undefined) await book.exclusively(operation.slot, () => replace(operation));
    },
    onDone: (lowWater) => report({ operations: total, lowWater, replaced: counts.replaced, skipped: counts.skipped }),
  });
  request.onProgress({ operations: total, lowWater: total, replaced: counts.replaced, skipped: counts.skipped });
  return { operations: total, ...counts, sentLate: sentLate.summary() };
}

/**
 * One look at what is there, after which every slot below `slots` that had lost its Pod (evicted, or its Node gone) has
 * its next generation. Call it again for as long as Pods may be lost.
 * @returns how many Pods were missing
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export async function replaceMissing(request: {
  readonly place: LoadPlace;
  readonly pods: PodSource;
  readonly slots: number;
  readonly book: SlotBook;
  readonly parallel: number;
  readonly callBudgetMs: number;
  readonly signal: AbortSignal;
}): Promise<number> {
  const { place, pods, book, signal } = request;
  const within = { signal, budgetMs: request.callBudgetMs };
  const mark = book.mark();
  const present = new Set((await listSlotPods(place, within)).map(({ slot }) => slot));
  const missing: number[] = [];
  for (let slot = 0; slot < request.slots; slot++) if (!present.has(slot)) missing.push(slot);
  const lostAtMs = Date.now();
  let replaced = 0;
  await openLoop({
    count: missing.length,
    fromIndex: 0,
    dueAtMs: () => lostAtMs,
    parallel: request.parallel,
    signal,
    run: (index) => {
      const slot = missing[index] ?? 0;
      return book.exclusively(slot, async () => {
        // Churn was at this slot since the list began: it has its Pod, or will be seen missing next time.
        if (!book.unchangedSince(slot, mark)) return;
        const generation = book.nextGeneration(slot);
        await place.client.create(podsPath(place.namespace), pods.body(slot, generation, lostAtMs), within);
        book.filled({ name: pods.name(slot, generation), slot, generation });
        replaced++;
      });
    },
  });
  return replaced;
}
