import { LOAD_PROGRESS_MS, POD_MIN_AGE_MS } from '../../core/plan/limits.ts';
import type { DemandOperation } from '../../core/plan/demand.ts';
import type { LatenessSummary } from './lateness.ts';
import { caughtUpAtMs } from '../../core/plan/catch-up.ts';
import { openLoop, throttled } from './open-loop.ts';
import { PodRequests, type PodSource } from './pod-requests.ts';
import type { LoadScope, SlotBook } from './slot-book.ts';

export interface DemandRequest {
  readonly scope: LoadScope;
  readonly pods: PodSource;
  readonly operations: readonly DemandOperation[];
  /** Start of the soak, ms since 1970: the same again when it is resumed. */
  readonly startAtMs: number;
  /** `lowWater` of an earlier run's progress; 0 = from the beginning. */
  readonly fromOperation: number;
  readonly parallel: number;
  readonly callBudgetMs: number;
  readonly signal: AbortSignal;
  /** Shared with `replaceMissing` when both run at once. */
  readonly book: SlotBook;
  /** The slots that are wanted after the operations below `fromOperation`; kept up to date as operations are done. */
  readonly wanted: Set<number>;
  /** Called with how late each request was sent, ms. What fell due while no worker ran is late by that time. */
  readonly onLate: (lateMs: number) => void;
  /** Called when an operation begins. They begin in their order. */
  readonly onBegin?: () => void;
  /** Called about twice a second while operations are done. */
  readonly onProgress: (progress: DemandProgress) => void;
}

interface DemandProgress {
  readonly operations: number;
  /** Operations below this one are done. A later run resumes here. */
  readonly lowWater: number;
  readonly replaced: number;
  readonly created: number;
  readonly deleted: number;
  /** An earlier run had done them. */
  readonly skipped: number;
}

export interface DemandReport extends Omit<DemandProgress, 'lowWater'> {
  /** Slots that were already empty when their Pod was due to be replaced: only created. */
  readonly filled: number;
  readonly retries: number;
  /** From the intended moment of each create and delete until its request was sent. */
  readonly sentLate: LatenessSummary;
}

/**
 * Carries out a soak's operations at their intended times: a slot's Pod is deleted, its next generation created, or both. The
 * cluster's state decides: an operation is skipped if its slot has reached or passed its generation, and a slot that was left
 * empty when a run ended early gets its Pod. At the end every slot has exactly one Pod if it is wanted, and none if not.
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export function runDemand(request: DemandRequest): Promise<DemandReport> {
  return new Run(request).run();
}

class Run {
  readonly #request: DemandRequest;
  readonly #beganAtMs = Date.now();
  readonly #requests: PodRequests;
  readonly #counts = { replaced: 0, created: 0, deleted: 0, skipped: 0, filled: 0 };
  readonly #createdAgain: ReadonlyMap<number, DemandOperation>;

  constructor(request: DemandRequest) {
    this.#request = request;
    const { scope, signal, callBudgetMs, onLate } = request;
    this.#requests = new PodRequests({ scope, within: { signal, budgetMs: callBudgetMs }, onLate });
    this.#createdAgain = createdAgain(request.operations);
  }

  async run(): Promise<DemandReport> {
    const { operations, book, startAtMs, parallel, signal } = this.#request;
    const total = operations.length;
    const report = throttled(LOAD_PROGRESS_MS, this.#request.onProgress);
    const progress = (lowWater: number): DemandProgress => ({ operations: total, lowWater, ...this.#counts });
    const fromIndex = Math.min(this.#request.fromOperation, total);
    const dueAtMs = (index: number): number => startAtMs + (operations[index]?.atMs ?? 0);
    const attempt = { beganAtMs: this.#beganAtMs, firstDueAtMs: dueAtMs(fromIndex) };
    await openLoop({
      count: total,
      fromIndex,
      dueAtMs: (index) => caughtUpAtMs(dueAtMs(index), attempt),
      parallel,
      signal,
      run: async (index) => {
        const operation = operations[index];
        if (operation === undefined) return;
        this.#request.onBegin?.();
        await book.exclusively(operation.slot, () =>
          operation.kind === 'delete' ? this.#delete(operation, index) : this.#make(operation),
        );
      },
      onDone: (lowWater) => report(progress(lowWater)),
    });
    this.#request.onProgress(progress(total));
    const { retries, sentLate } = this.#requests;
    return { operations: total, ...this.#counts, retries, sentLate };
  }

  /** Leaves the slot with a Pod of this generation or a later one. */
  async #make({ kind, slot, generation, atMs }: DemandOperation): Promise<void> {
    const { book, pods, wanted, startAtMs } = this.#request;
    const live = book.live(slot);
    if (kind === 'create') wanted.add(slot);
    if (live !== undefined && live.generation >= generation) {
      this.#counts.skipped++;
      return;
    }
    const intendedAtMs = startAtMs + atMs;
    // A replacement cannot be created before the server has deleted the Pod. That time is the server's, not the load's.
    const deletedInMs = live === undefined ? 0 : await this.#end(slot, live.name, intendedAtMs);
    if (live === undefined && kind === 'replace') this.#counts.filled++;
    // A lost Pod may have been replaced by a later generation meanwhile. Generations never go back.
    const next = Math.max(generation, book.nextGeneration(slot));
    await this.#requests.create(pods, { slot, generation: next, intendedAtMs }, deletedInMs);
    this.#counts[kind === 'create' ? 'created' : 'replaced']++;
    book.filled({ name: pods.name(slot, next), slot, generation: next }, Date.now());
  }

  /** Leaves the slot empty, unless an earlier run has filled it again since. */
  async #delete({ slot, atMs }: DemandOperation, index: number): Promise<void> {
    const { book, wanted, startAtMs } = this.#request;
    wanted.delete(slot);
    const live = book.live(slot);
    const again = this.#createdAgain.get(index);
    const since =
      live !== undefined &&
      again !== undefined &&
      startAtMs + again.atMs <= this.#beganAtMs &&
      live.generation >= again.generation;
    if (live === undefined || since) {
      this.#counts.skipped++;
      return;
    }
    await this.#end(slot, live.name, startAtMs + atMs);
    this.#counts.deleted++;
  }

  /** Deletes a Pod. @returns how long the server took, ms */
  async #end(slot: number, name: string, intendedAtMs: number): Promise<number> {
    const { book, signal } = this.#request;
    // A scheduler that is just binding the Pod would count an error of its own.
    await book.aged(slot, POD_MIN_AGE_MS, signal);
    const tookMs = await this.#requests.delete(name, intendedAtMs);
    book.emptied(slot);
    return tookMs;
  }
}

/** For each deletion (by its index) the operation that fills the slot again, if one does. */
function createdAgain(operations: readonly DemandOperation[]): ReadonlyMap<number, DemandOperation> {
  const next = new Map<number, DemandOperation>();
  const again = new Map<number, DemandOperation>();
  for (let index = operations.length - 1; index >= 0; index--) {
    const operation = operations[index];
    if (operation === undefined || operation.kind === 'replace') continue;
    const following = next.get(operation.slot);
    if (operation.kind === 'delete' && following?.kind === 'create') again.set(index, following);
    next.set(operation.slot, operation);
  }
  return again;
}
