import type { DemandOperation } from '../../core/plan/demand.ts';
import { Lateness } from './lateness.ts';
import type { LatenessSummary } from './lateness.ts';
import { openLoop, throttled } from './open-loop.ts';
import type { PodSource } from './run-arrivals.ts';
import { podsPath } from './slot-book.ts';
import type { LoadPlace, SlotBook } from './slot-book.ts';

export interface DemandRequest {
  readonly place: LoadPlace;
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
  /** Called about twice a second while it moves on. */
  readonly onProgress: (progress: DemandProgress) => void;
}

export interface DemandProgress {
  readonly operations: number;
  /** Operations below this one are done: what a later run goes on from. */
  readonly lowWater: number;
  readonly replaced: number;
  readonly created: number;
  readonly deleted: number;
  /** Were done already, by an earlier run. */
  readonly skipped: number;
}

export interface DemandReport extends Omit<DemandProgress, 'lowWater'> {
  /** Slots that were empty when they were to be replaced: only created. */
  readonly filled: number;
  readonly retries: number;
  /** From the intended moment until the first request was sent. */
  readonly sentLate: LatenessSummary;
}

const PROGRESS_EVERY_MS = 500;

/**
 * Carries out a soak's operations at their intended times: a slot's Pod is deleted, its next generation created, or both. It
 * goes by what is there: a slot at or past an operation's generation has that operation behind it, a slot left empty when a
 * run was cut off gets its Pod. At the end every slot touched has exactly one Pod if it is wanted, and none if not.
 * @throws the signal's reason; KubeError when a call does not succeed within its budget
 */
export function runDemand(request: DemandRequest): Promise<DemandReport> {
  return new Run(request).run();
}

class Run {
  readonly #request: DemandRequest;
  readonly #beganAtMs = Date.now();
  readonly #sentLate = new Lateness();
  readonly #counts = { replaced: 0, created: 0, deleted: 0, skipped: 0, filled: 0, retries: 0 };
  readonly #createdAgain: ReadonlyMap<number, DemandOperation>;

  constructor(request: DemandRequest) {
    this.#request = request;
    this.#createdAgain = createdAgain(request.operations);
  }

  async run(): Promise<DemandReport> {
    const { operations, book, startAtMs, parallel, signal } = this.#request;
    const total = operations.length;
    const report = throttled(PROGRESS_EVERY_MS, this.#request.onProgress);
    const progress = (lowWater: number): DemandProgress => ({ operations: total, lowWater, ...this.#counts });
    await openLoop({
      count: total,
      fromIndex: Math.min(this.#request.fromOperation, total),
      dueAtMs: (index) => startAtMs + (operations[index]?.atMs ?? 0),
      parallel,
      signal,
      run: async (index) => {
        const operation = operations[index];
        if (operation === undefined) return;
        await book.exclusively(operation.slot, () =>
          operation.kind === 'delete' ? this.#delete(operation, index) : this.#make(operation),
        );
      },
      onDone: (lowWater) => report(progress(lowWater)),
    });
    this.#request.onProgress(progress(total));
    return { operations: total, ...this.#counts, sentLate: this.#sentLate.summary() };
  }

  /** Leaves the slot with a Pod of this generation or a later one. */
  async #make({ kind, slot, generation, atMs }: DemandOperation): Promise<void> {
    const { place, book, pods, wanted } = this.#request;
    const live = book.live(slot);
    if (kind === 'create') wanted.add(slot);
    if (live !== undefined && live.generation >= generation) {
      this.#counts.skipped++;
      return;
    }
    const intendedAtMs = this.#intended(atMs);
    if (live !== undefined) await this.#end(slot, live.name);
    else if (kind === 'replace') this.#counts.filled++;
    // A lost Pod may have been replaced by a later generation in between: never below what was.
    const next = Math.max(generation, book.nextGeneration(slot));
    const created = await place.client.create(podsPath(place.namespace), pods.body(slot, next, intendedAtMs), {
      signal: this.#request.signal,
      budgetMs: this.#request.callBudgetMs,
    });
    this.#counts.retries += created.attempts - 1;
    this.#counts[kind === 'create' ? 'created' : 'replaced']++;
    book.filled({ name: pods.name(slot, next), slot, generation: next });
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
    this.#intended(atMs);
    await this.#end(slot, live.name);
    this.#counts.deleted++;
  }

  async #end(slot: number, name: string): Promise<void> {
    const { place, book, signal, callBudgetMs } = this.#request;
    const path = `${podsPath(place.namespace)}/${name}`;
    const { attempts } = await place.client.delete(path, { gracePeriodSeconds: 0 }, { signal, budgetMs: callBudgetMs });
    this.#counts.retries += attempts - 1;
    book.emptied(slot);
  }

  /** What fell due while nothing ran is intended for now: the system under test is not to blame for the gap. */
  #intended(atMs: number): number {
    const intendedAtMs = Math.max(this.#request.startAtMs + atMs, this.#beganAtMs);
    this.#sentLate.add(Date.now() - intendedAtMs);
    return intendedAtMs;
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
