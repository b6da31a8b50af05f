import type { BoundEffect } from '../adapters/faults/effect.ts';
import type { DemandReport } from '../adapters/kube/run-demand.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import { requestedFault } from '../core/faults/registry.ts';
import type { SoakLateness } from '../core/plan/checkpoints/soak.ts';
import { demandSchedule, type Demand, type WantedPods } from '../core/plan/demand.ts';
import { faultKey, faultSchedule } from '../core/plan/fault-schedule.ts';
import { LABELS } from '../core/plan/labels.ts';
import { repairWhileRunning } from './repairs.ts';
import type { SoakClock } from './soak-clock.ts';
import { runFaults, undoFaults, type FaultToInject } from './soak-faults.ts';
import { LatenessCount } from './soak-lateness.ts';
import { SoakLoad } from './soak-load.ts';
import type { StageContext } from './stage-activity.ts';

/** What a drive needs from its stage. */
export interface DriveRequest {
  readonly context: Pick<StageContext<'soak'>, 'spec' | 'input' | 'event'>;
  readonly clock: SoakClock;
  readonly clusters: readonly ObservedCluster[];
  readonly effectOf: (action: string) => BoundEffect | undefined;
}

/**
 * Drives the load of a group of clusters through a soak: operations at their intended moments, faults, and the replacement of
 * lost Pods. It reads no gates; `watchGates` does.
 */
export class Drive {
  readonly #request: DriveRequest;
  readonly #faults: readonly FaultToInject[];
  readonly #lateness: LatenessCount;
  readonly #demands: readonly Demand[];
  #loads: readonly SoakLoad[] = [];
  #driven: readonly DemandReport[] = [];
  #faultsRun: Promise<void> = Promise.resolve();

  constructor(request: DriveRequest) {
    this.#request = request;
    this.#faults = faultsOf(request);
    this.#lateness = new LatenessCount(request.clock.checkpoint.lateness);
    const { context, clock, clusters } = request;
    this.#demands = clusters.map(({ record }) => demandSchedule(context.spec, record.index));
    // A worker that takes a soak over shows the target of the ramp until then.
    for (const [index, cluster] of clusters.entries()) {
      cluster.target = this.#demands[index]?.wanted(Date.now() - clock.startAtMs).bindable ?? cluster.target;
    }
  }

  /** Loads of the clusters; empty before `begin`. */
  get loads(): readonly SoakLoad[] {
    return this.#loads;
  }

  /** How late the operations of all attempts were sent. */
  get lateness(): SoakLateness {
    return this.#lateness.soFar;
  }

  /** Reports of the loads that this attempt drove to their end. */
  get driven(): readonly DemandReport[] {
    return this.#driven;
  }

  /** Reads which Pods exist. @throws KubeError when a cluster does not answer */
  async begin(signal: AbortSignal): Promise<void> {
    const { context, clock, clusters } = this.#request;
    const { spec, input } = context;
    this.#loads = await Promise.all(
      clusters.map((cluster, index) =>
        SoakLoad.begin(
          {
            cluster,
            demand: this.#demands[index] ?? demandSchedule(spec, cluster.record.index),
            startAtMs: clock.startAtMs,
            execution: input.execution,
            lowWater: clock.checkpoint.lowWater[cluster.record.name] ?? 0,
            callBudgetMs: spec.deadlines.budgets.apiCallMs,
            onLate: this.#lateness.sent,
          },
          signal,
        ),
      ),
    );
    this.aim();
  }

  /**
   * Carries out operations and faults to their end. Faults are undone even if `signal` aborts; `undoSignal` bounds that.
   * @throws KubeError when a call of the load does not succeed within its budget; the signal's reason
   */
  async run(signal: AbortSignal, undoSignal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    const parts = [...this.#loads.map((load) => this.#drive(load, inner)), this.runFaults(inner, undoSignal)];
    try {
      await Promise.all(parts);
    } finally {
      // A load that fails ends the others.
      stop.abort(new Error('the load is over'));
      await Promise.allSettled(parts);
    }
  }

  /** Replaces lost Pods until `signal` aborts. @throws KubeError; the signal's reason */
  repair(signal: AbortSignal): Promise<never> {
    return repairWhileRunning(this.#loads, signal);
  }

  /** Injects the faults that are due, or only undoes those of an earlier attempt if `signal` has aborted. */
  runFaults(signal: AbortSignal, undoSignal: AbortSignal): Promise<void> {
    const { budgets } = this.#request.context.spec.deadlines;
    this.#faultsRun = runFaults({
      ...this.#faultsRequest(),
      callBudgetMs: budgets.apiCallMs,
      effectBudgetMs: budgets.podReadyMs,
      undoneBudgetMs: budgets.nodeReadyMs,
      signal,
      undoSignal,
    });
    return this.#faultsRun;
  }

  /** Undoes the faults of a soak that was ended and will not be resumed. @throws KubeError, or a time-out */
  async undoFaults(): Promise<void> {
    // The soak itself reports why it ended.
    await this.#faultsRun.catch(() => undefined);
    await undoFaults(this.#faultsRequest());
  }

  /** Sets the targets to what is wanted now. @returns their sum */
  aim(): WantedPods {
    const wanted = this.#loads.map((load) => load.aim());
    return {
      pods: wanted.reduce((sum, { pods }) => sum + pods, 0),
      bindable: wanted.reduce((sum, { bindable }) => sum + bindable, 0),
    };
  }

  /** The soak is over, by a breach: operations that were due until then and were not sent are late. */
  countNeverSent(endedAtMs: number): void {
    for (const load of this.#loads) for (const lateMs of load.neverBegun(endedAtMs)) this.#lateness.neverSent(lateMs);
  }

  /** Keeps how late the operations were sent. */
  keepLateness(): void {
    this.#request.clock.change({ lateness: this.lateness });
  }

  async #drive(load: SoakLoad, signal: AbortSignal): Promise<void> {
    const { clock } = this.#request;
    const report = await load.run(signal, (lowWater) =>
      clock.change({
        lowWater: { ...clock.checkpoint.lowWater, [load.cluster]: lowWater },
        lateness: this.lateness,
      }),
    );
    this.#driven = [...this.#driven, report];
  }

  #faultsRequest(): Parameters<typeof undoFaults>[0] {
    const { context, clock } = this.#request;
    return {
      faults: this.#faults,
      before: clock.checkpoint.actions,
      onChange: (key, state, what) => {
        clock.change({ actions: { ...clock.checkpoint.actions, [key]: state } });
        if (what !== undefined) context.event('action', what);
      },
    };
  }
}

/** The faults of the specification that belong to these clusters. */
function faultsOf({ context: { spec }, clock, clusters, effectOf }: DriveRequest): readonly FaultToInject[] {
  const nodes = spec.capacityFromSystem ? {} : { labelSelector: `${LABELS.campaign}=${spec.campaign}` };
  return faultSchedule(spec).flatMap((fault): readonly FaultToInject[] => {
    const cluster = clusters.find(({ record }) => record.index === fault.clusterIndex);
    if (cluster === undefined) return [];
    const { namespace, labelSelector } = cluster.load;
    return [
      {
        key: faultKey(fault),
        action: fault.action,
        cluster: spec.plan.clusterCount === 1 ? '' : cluster.record.name,
        dueAtMs: clock.startAtMs + fault.atSeconds * 1_000,
        waitMs: requestedFault(fault.action)?.waitMs ?? 0,
        soakEndMs: clock.endAtMs,
        site: { client: cluster.client, namespace, labelSelector, nodes, nodesOfSystem: spec.capacityFromSystem },
        effect: effectOf(fault.action),
      },
    ];
  });
}
