import { caughtUpAtMs } from '../../core/plan/catch-up.ts';
import { LOAD_PROGRESS_MS } from '../../core/plan/limits.ts';
import { Lateness } from './lateness.ts';
import type { LatenessSummary } from './lateness.ts';
import { openLoop, throttled } from './open-loop.ts';
import { PodRequests, type PodSource } from './pod-requests.ts';
import { SlotBook } from './slot-book.ts';
import type { LoadScope } from './slot-book.ts';

export interface ArrivalsRequest {
  readonly scope: LoadScope;
  readonly pods: PodSource;
  /** When each slot is filled, ms after `startAtMs`, ascending. One entry per Pod that is wanted. */
  readonly offsetsMs: readonly number[];
  /** Start of the ramp, ms since 1970: the same again when it is resumed. */
  readonly startAtMs: number;
  /** `lowWater` of an earlier run's progress; 0 = from the beginning. */
  readonly fromIndex: number;
  readonly parallel: number;
  /** Budget of a single call with its retries. */
  readonly callBudgetMs: number;
  readonly signal: AbortSignal;
  /** Called with how late each request was sent, ms. What fell due while no worker ran is late by that time. */
  readonly onLate: (lateMs: number) => void;
  /** Called about twice a second while Pods are created. */
  readonly onProgress: (progress: ArrivalsProgress) => void;
}

export interface ArrivalsProgress {
  readonly wanted: number;
  /** Slots below this one are filled. A later run resumes here. */
  readonly lowWater: number;
  readonly created: number;
  /** Existed before this run. */
  readonly existing: number;
  /** Of the last Pod. */
  readonly lateMs: number;
}

export interface ArrivalsReport extends Omit<ArrivalsProgress, 'lateMs' | 'lowWater'> {
  /** Due before this run began, because it resumed another: created within two seconds, and late. */
  readonly overdue: number;
  /** Went missing again during the ramp and were created anew, as the next generation. */
  readonly refilled: number;
  readonly retries: number;
  /** Of the existing ones, those that the list before had not shown. */
  readonly conflicts: number;
  /** Pods a second from the first to the last one intended, and sent; undefined when there is no span to divide by. */
  readonly askedPerSec: number | undefined;
  readonly achievedPerSec: number | undefined;
  /** From the intended moment until the request was sent, and until it was answered. */
  readonly sentLate: LatenessSummary;
  readonly answeredLate: LatenessSummary;
}

/**
 * Fills slots with Pods at their intended times, open loop. The cluster's state decides: a slot that has a Pod is left alone,
 * so a run that ended anywhere and is started again ends with exactly the Pods that are wanted.
 * @throws the signal's reason; KubeError when a Pod cannot be created within its budget
 */
export async function runArrivals(request: ArrivalsRequest): Promise<ArrivalsReport> {
  const { scope, offsetsMs, signal } = request;
  const within = { signal, budgetMs: request.callBudgetMs };
  const book = await SlotBook.read(scope, within);
  const beganAtMs = Date.now();
  const requests = new PodRequests({ scope, within, onLate: request.onLate });
  const answeredLate = new Lateness();
  const span = { firstAtMs: Number.POSITIVE_INFINITY, lastAtMs: 0 };
  const counts = { created: 0, existing: 0, overdue: 0, refilled: 0, conflicts: 0 };
  let lateMs = 0;

  const create = async (slot: number, generation: number, intendedAtMs: number): Promise<void> => {
    const sent = await requests.create(request.pods, { slot, generation, intendedAtMs });
    lateMs = sent.lateMs;
    span.firstAtMs = Math.min(span.firstAtMs, sent.sentAtMs);
    span.lastAtMs = Math.max(span.lastAtMs, sent.sentAtMs);
    answeredLate.add(Date.now() - intendedAtMs);
    if (sent.outcome === 'created') counts.created++;
    else {
      counts.conflicts++;
      counts.existing++;
    }
    book.filled({ name: request.pods.name(slot, generation), slot, generation });
  };
  const fill = async (slot: number): Promise<void> => {
    if (book.live(slot) !== undefined) {
      counts.existing++;
      return;
    }
    const intendedAtMs = request.startAtMs + (offsetsMs[slot] ?? 0);
    if (intendedAtMs < beganAtMs) counts.overdue++;
    await create(slot, book.nextGeneration(slot), intendedAtMs);
  };

  const wanted = offsetsMs.length;
  const report = throttled(LOAD_PROGRESS_MS, request.onProgress);
  // Slots below the checkpoint were filled once. The pass below finds those that are empty now.
  const fromIndex = Math.min(request.fromIndex, wanted);
  counts.existing = countLive(book, fromIndex);
  const { parallel } = request;
  const dueAtMs = (slot: number): number => request.startAtMs + (offsetsMs[slot] ?? 0);
  const attempt = { beganAtMs, firstDueAtMs: dueAtMs(fromIndex) };
  await openLoop({
    count: wanted,
    fromIndex,
    dueAtMs: (slot) => caughtUpAtMs(dueAtMs(slot), attempt),
    parallel,
    signal,
    run: fill,
    onDone: (lowWater) => report({ wanted, lowWater, created: counts.created, existing: counts.existing, lateMs }),
  });

  // Without a second list, Pods that were lost meanwhile (evicted, preempted) would stay missing.
  const after = await SlotBook.read(scope, within);
  const empty = offsetsMs.map((_, slot) => slot).filter((slot) => after.live(slot) === undefined);
  const refilledAtMs = Date.now();
  await openLoop({
    count: empty.length,
    fromIndex: 0,
    dueAtMs: () => refilledAtMs,
    parallel,
    signal,
    run: async (index) => {
      const slot = empty[index] ?? 0;
      counts.refilled++;
      await create(slot, book.nextGeneration(slot), refilledAtMs);
    },
  });
  request.onProgress({ wanted, lowWater: wanted, created: counts.created, existing: counts.existing, lateMs });
  return {
    wanted,
    ...counts,
    askedPerSec: ratePerSec(wanted, (offsetsMs.at(-1) ?? 0) - (offsetsMs[0] ?? 0)),
    achievedPerSec: ratePerSec(counts.created, span.lastAtMs - span.firstAtMs),
    retries: requests.retries,
    sentLate: requests.sentLate,
    answeredLate: answeredLate.summary(),
  };
}

function countLive(book: SlotBook, below: number): number {
  let live = 0;
  for (let slot = 0; slot < below; slot++) if (book.live(slot) !== undefined) live++;
  return live;
}

/** `count` things over a span that begins with the first and ends with the last of them. */
function ratePerSec(count: number, spanMs: number): number | undefined {
  return count < 2 || spanMs <= 0 ? undefined : ((count - 1) * 1_000) / spanMs;
}
