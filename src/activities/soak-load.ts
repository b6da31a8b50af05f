import { removeSurplus, replaceMissing, type MendRequest } from '../adapters/kube/mend.ts';
import { runDemand, type DemandReport } from '../adapters/kube/run-demand.ts';
import { SlotBook, type LoadPlace } from '../adapters/kube/slot-book.ts';
import { wantedSlots, type Demand, type DemandOperation, type WantedPods } from '../core/plan/demand.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import { PARALLEL_REQUESTS } from './ramp.ts';

/**
 * Generations that each execution has to itself: a retried soak replaces Pods anew, instead of finding its operations done by
 * the one before.
 */
const GENERATIONS_PER_EXECUTION = 1_000;

/** The soak of one cluster, begun or taken up again. */
export interface SoakLoadRequest {
  readonly cluster: ObservedCluster;
  /** As this execution has it: a retry may have changed churn and length. */
  readonly demand: Demand;
  /** Start of the soak, ms since 1970. */
  readonly startAtMs: number;
  readonly execution: number;
  /** Operations that an earlier attempt has behind it. */
  readonly lowWater: number;
  readonly callBudgetMs: number;
}

/** The load of one cluster in the soak: its operations, the Pods that are wanted, and those that got lost. */
export class SoakLoad {
  /** Pods that were lost and replaced. */
  lost = 0;
  readonly #request: SoakLoadRequest;
  readonly #book: SlotBook;
  readonly #wanted: Set<number>;

  static async begin(request: SoakLoadRequest, signal: AbortSignal): Promise<SoakLoad> {
    const book = await SlotBook.read(placeOf(request.cluster), { signal, budgetMs: request.callBudgetMs });
    return new SoakLoad(request, book);
  }

  private constructor(request: SoakLoadRequest, book: SlotBook) {
    this.#request = request;
    this.#book = book;
    this.#wanted = wantedSlots(request.demand, request.lowWater);
  }

  /** Carries out the operations to the last, after which exactly the wanted slots have a Pod. */
  async run(signal: AbortSignal, onLowWater: (lowWater: number) => void): Promise<DemandReport> {
    const { cluster, demand, startAtMs, lowWater, callBudgetMs, execution } = this.#request;
    const firstGeneration = (execution - 1) * GENERATIONS_PER_EXECUTION;
    const report = await runDemand({
      place: placeOf(cluster),
      pods: cluster.load,
      operations: demand.operations.map((operation) => ({
        ...operation,
        generation: operation.generation + firstGeneration,
      })),
      startAtMs,
      fromOperation: lowWater,
      parallel: PARALLEL_REQUESTS,
      callBudgetMs,
      signal,
      book: this.#book,
      wanted: this.#wanted,
      onLate: cluster.onLate,
      onProgress: (progress) => onLowWater(progress.lowWater),
    });
    const request = this.#mendRequest(signal);
    await removeSurplus(request);
    this.lost += await replaceMissing(request);
    return report;
  }

  /** How many operations of a kind it has. */
  count(kind: DemandOperation['kind']): number {
    return this.#request.demand.operations.filter((operation) => operation.kind === kind).length;
  }

  /** What the clock says is wanted, told to those who read the target. */
  aim(): WantedPods {
    const { cluster, demand, startAtMs } = this.#request;
    const wanted = demand.wanted(Date.now() - startAtMs);
    cluster.target = wanted.bindable;
    return wanted;
  }

  /** Pods that were evicted, or whose Node is gone, get their next generation. */
  async mend(signal: AbortSignal): Promise<void> {
    if (this.#request.cluster.counts().present >= this.#wanted.size) return;
    this.lost += await replaceMissing(this.#mendRequest(signal));
  }

  #mendRequest(signal: AbortSignal): MendRequest {
    const { cluster, callBudgetMs } = this.#request;
    return {
      place: placeOf(cluster),
      pods: cluster.load,
      wanted: this.#wanted,
      book: this.#book,
      parallel: PARALLEL_REQUESTS,
      callBudgetMs,
      signal,
      onLate: cluster.onLate,
    };
  }
}

/** Where a cluster's Pods are. */
export function placeOf({ client, load }: ObservedCluster): LoadPlace {
  return { client, namespace: load.namespace, labelSelector: load.labelSelector };
}
