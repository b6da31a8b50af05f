import { removeSurplus, replaceMissing, type MendRequest } from '../adapters/kube/mend.ts';
import { runDemand, type DemandReport } from '../adapters/kube/run-demand.ts';
import { SlotBook, type LoadScope } from '../adapters/kube/slot-book.ts';
import { POD_REQUESTS_AT_ONCE } from '../core/plan/limits.ts';
import { wantedSlots, type Demand, type DemandOperation, type WantedPods } from '../core/plan/demand.ts';
import type { PodRecorder } from '../adapters/kube/pod-recorder.ts';
import type { PodSource } from '../adapters/kube/pod-requests.ts';
import type { RepairableLoad } from './repairs.ts';

/**
 * Generations that belong to one execution alone. A retried soak replaces Pods again, instead of taking the operations of the
 * execution before as its own.
 */
const GENERATIONS_PER_EXECUTION = 1_000;

/** What a load needs of its cluster. An `ObservedCluster` has it. */
export interface LoadedCluster {
  readonly record: { readonly name: string };
  readonly load: PodSource & Omit<LoadScope, 'client'>;
  readonly client: LoadScope['client'];
  counts(): { readonly present: number };
  want(slots: Iterable<number>): Set<number>;
  /** Gets the answers of the load's requests. */
  readonly recorder?: PodRecorder;
  readonly onLate: (lateMs: number) => void;
  /** See `ObservedCluster`. */
  target: number;
}

/** The soak of one cluster, begun or resumed. */
export interface SoakLoadRequest {
  readonly cluster: LoadedCluster;
  /** Demand of this execution: a retry may have changed churn and length. */
  readonly demand: Demand;
  /** Start of the soak, ms since 1970. */
  readonly startAtMs: number;
  readonly execution: number;
  /** Operations below this one were done by an earlier attempt. */
  readonly lowWater: number;
  readonly callBudgetMs: number;
  /** Called with how late each request of a planned operation was sent, ms. */
  readonly onLate: (lateMs: number) => void;
}

/** The load of one cluster in the soak: its operations, the Pods that are wanted, and the Pods that were lost. */
export class SoakLoad implements RepairableLoad {
  /** Pods that were lost and replaced. */
  lost = 0;
  readonly #request: SoakLoadRequest;
  readonly #book: SlotBook;
  readonly #wanted: Set<number>;
  /** Operations below this index have begun, in this attempt or an earlier one. */
  #begun: number;

  /** Name of the cluster. */
  get cluster(): string {
    return this.#request.cluster.record.name;
  }

  static async begin(request: SoakLoadRequest, signal: AbortSignal): Promise<SoakLoad> {
    // A lost Pod's successor counts as what churn wants next of its slot. With a generation of an execution before it would not: churn
    // would delete it at once, in the middle of its binding perhaps, and a healthy scheduler would count an error.
    const firstGeneration = generationsBefore(request.execution) + 1;
    const within = { signal, budgetMs: request.callBudgetMs };
    const book = await SlotBook.read(scopeOf(request.cluster), within, firstGeneration);
    return new SoakLoad(request, book);
  }

  private constructor(request: SoakLoadRequest, book: SlotBook) {
    this.#request = request;
    this.#book = book;
    this.#wanted = request.cluster.want(wantedSlots(request.demand, request.lowWater));
    this.#begun = request.lowWater;
  }

  /** Carries out the operations to the last. */
  async run(signal: AbortSignal, onLowWater: (lowWater: number) => void): Promise<DemandReport> {
    const { cluster, demand, startAtMs, lowWater, callBudgetMs, execution, onLate } = this.#request;
    return await runDemand({
      scope: scopeOf(cluster),
      pods: cluster.load,
      operations: demand.operations.map((operation) => ({
        ...operation,
        generation: operation.generation + generationsBefore(execution),
      })),
      startAtMs,
      fromOperation: lowWater,
      parallel: POD_REQUESTS_AT_ONCE,
      callBudgetMs,
      signal,
      book: this.#book,
      wanted: this.#wanted,
      onLate: (lateMs) => {
        cluster.onLate(lateMs);
        onLate(lateMs);
      },
      onBegin: () => this.#begun++,
      onProgress: (progress) => onLowWater(progress.lowWater),
    });
  }

  /** Brings the Pods to what is wanted after the last operation: exactly the wanted slots have one then. */
  async complete(signal: AbortSignal): Promise<void> {
    const request = this.#mendRequest(signal);
    await removeSurplus(request);
    await this.#replaceLost(request);
  }

  /** The operations that were due before the load ended and have not begun: how late each of them is then, ms. */
  neverBegun(endedAtMs: number): readonly number[] {
    const { demand, startAtMs } = this.#request;
    return demand.operations
      .slice(this.#begun)
      .map(({ atMs }) => endedAtMs - (startAtMs + atMs))
      .filter((lateMs) => lateMs > 0);
  }

  /** How many operations of a kind the soak has. */
  count(kind: DemandOperation['kind']): number {
    return this.#request.demand.operations.filter((operation) => operation.kind === kind).length;
  }

  /** Sets the cluster's target to what is wanted now. */
  aim(): WantedPods {
    const { cluster, demand, startAtMs } = this.#request;
    const wanted = demand.wanted(Date.now() - startAtMs);
    cluster.target = wanted.bindable;
    return wanted;
  }

  isMissingPods(): boolean {
    return this.#request.cluster.counts().present < this.#wanted.size;
  }

  /** Creates the next generation of Pods that were evicted, or whose Node is gone. */
  async mend(signal: AbortSignal): Promise<void> {
    await this.#replaceLost(this.#mendRequest(signal));
  }

  /** The end of `run` and a repair may replace Pods at the same time: `lost` is read after the wait, so that both count. */
  async #replaceLost(request: MendRequest): Promise<void> {
    const replaced = await replaceMissing(request);
    this.lost += replaced;
  }

  #mendRequest(signal: AbortSignal): MendRequest {
    const { cluster, callBudgetMs } = this.#request;
    return {
      scope: scopeOf(cluster),
      pods: cluster.load,
      wanted: this.#wanted,
      book: this.#book,
      parallel: POD_REQUESTS_AT_ONCE,
      callBudgetMs,
      signal,
      onLate: cluster.onLate,
    };
  }
}

function generationsBefore(execution: number): number {
  return (execution - 1) * GENERATIONS_PER_EXECUTION;
}

/** Where a cluster's Pods are. */
export function scopeOf({ client, load, recorder }: Pick<LoadedCluster, 'client' | 'load' | 'recorder'>): LoadScope {
  const { namespace, labelSelector } = load;
  return { client, namespace, labelSelector, ...(recorder === undefined ? {} : { recorder }) };
}
