import type { BoundEffect } from '../adapters/faults/effect.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import { requestedFault } from '../core/faults/registry.ts';
import type { SoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import { demandSchedule, type Demand, type WantedPods } from '../core/plan/demand.ts';
import { faultKey, faultSchedule } from '../core/plan/fault-schedule.ts';
import { LABELS } from '../core/plan/labels.ts';
import { SOAK_TICK_MS } from '../core/plan/limits.ts';
import type { Observation } from '../core/plan/observation.ts';
import { scrapeIntervalMs } from '../core/plan/scrape-interval.ts';
import { completeLoad } from './complete-load.ts';
import { endLastPods } from './last-pods.ts';
import type { Checkpointed } from './kept-checkpoint.ts';
import { observedSoFar, waitingText } from './observing.ts';
import { pause } from './pause.ts';
import { repairWhileRunning } from './repairs.ts';
import type { SoakClock } from './soak-clock.ts';
import { runFaults, undoFaults, type FaultToInject } from './soak-faults.ts';
import { LatenessCount } from './soak-lateness.ts';
import { SoakLoad } from './soak-load.ts';
import { drivenResult, type DrivenResult } from './soak-result.ts';
import type { StageContext } from './stage-activity.ts';
import { total } from './steady.ts';

/** The fields of a soak's checkpoint that a drive reads and changes. */
type DriveFields = Pick<SoakCheckpoint, 'lowWater' | 'actions' | 'lateness' | 'observation'>;

/** What a drive needs from its stage. */
export interface DriveRequest {
  readonly context: Pick<StageContext, 'spec' | 'input' | 'event'>;
  readonly clock: SoakClock;
  readonly kept: Checkpointed<DriveFields>;
  /** The clusters of this host. */
  readonly clusters: readonly ObservedCluster[];
  readonly effectOf: (action: string) => BoundEffect | undefined;
  /** Called about once a second. */
  readonly onTick: () => void;
}

/** A drive that is over. */
export interface DriveEnd {
  /** After the last Pods had their time, and that was scraped; ms since 1970. */
  readonly settledAtMs: number;
  readonly result: DrivenResult;
}

/**
 * Drives the load of the clusters of one host through a soak: operations at their intended moments, faults, and the replacement of
 * lost Pods. It reads no gates and asks no Prometheus; a `Watch` does.
 */
export class Drive {
  readonly #request: DriveRequest;
  readonly #faults: readonly FaultToInject[];
  readonly #lateness: LatenessCount;
  readonly #demands: readonly Demand[];
  /** What earlier attempts observed. */
  readonly #observedBefore: Observation | undefined;
  #loads: readonly SoakLoad[] = [];
  #faultsRun: Promise<void> = Promise.resolve();
  #isSettling = false;

  /** Whether the soak's time is over, and its last Pods are waited for, or requests that wait for their server. */
  get isSettling(): boolean {
    const { clock, clusters } = this.#request;
    return this.#isSettling || (Date.now() > clock.endAtMs && waitingText(clusters) !== '');
  }

  constructor(request: DriveRequest) {
    this.#request = request;
    this.#faults = faultsOf(request);
    this.#lateness = new LatenessCount(request.kept.now.lateness);
    this.#observedBefore = request.kept.now.observation;
    const { context, clock, clusters } = request;
    this.#demands = clusters.map(({ record }) => demandSchedule(context.spec, record.index));
    // A worker that takes a soak over shows the target of the ramp until then.
    for (const [index, cluster] of clusters.entries()) {
      cluster.target = this.#demands[index]?.wanted(Date.now() - clock.startAtMs).bindable ?? cluster.target;
    }
  }

  /** Reads which Pods exist. @throws KubeError when a cluster does not answer */
  async begin(signal: AbortSignal): Promise<void> {
    const { context, clock, kept, clusters } = this.#request;
    const { spec, input } = context;
    this.#loads = await Promise.all(
      clusters.map((cluster, index) =>
        SoakLoad.begin(
          {
            cluster,
            demand: this.#demands[index] ?? demandSchedule(spec, cluster.record.index),
            startAtMs: clock.startAtMs,
            execution: input.execution,
            lowWater: kept.now.lowWater[cluster.record.name] ?? 0,
            callBudgetMs: spec.deadlines.budgets.apiCallMs,
            onLate: this.#lateness.sent,
          },
          signal,
        ),
      ),
    );
    this.#aim();
  }

  /**
   * Carries out operations and faults to their end, replaces lost Pods meanwhile, and then gives the last Pods their time. Nothing
   * of it continues afterwards. Faults are undone even if `signal` aborts; `undoSignal` bounds that.
   * @throws KubeError when a call of the load does not succeed for as long as a load waits for its server; the signal's reason
   */
  async toTheEnd(signal: AbortSignal, undoSignal: AbortSignal): Promise<DriveEnd> {
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    const sent = this.#loads.map((load) => this.#send(load, inner));
    const loads = this.#loads.map(async (load, index) => {
      await sent[index];
      await this.#complete(load, inner);
    });
    const faults = this.runFaults(inner, undoSignal);
    const settled = this.#settle({ sent, loads }, inner);
    const repairing = repairWhileRunning(this.#loads, inner);
    const ticking = setInterval(this.#request.onTick, SOAK_TICK_MS);
    try {
      // The repairs end only by failing.
      await Promise.race([Promise.all([...loads, faults, settled]), repairing]);
      return { settledAtMs: Date.now(), result: this.#result() };
    } finally {
      clearInterval(ticking);
      // What fails ends the others.
      stop.abort(new Error('the load is over'));
      await Promise.allSettled([...loads, faults, settled, repairing]);
      this.#keepLateness();
    }
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

  /** Where the load is, for the live line. */
  live(): string {
    const { clusters } = this.#request;
    const { bindable } = this.#aim();
    if (this.#isSettling) {
      const bound = `${total(clusters, 'bound')} of ${bindable} bound`;
      return `waiting for the last Pods: ${bound}, ${total(clusters, 'ready')} Ready${waitingText(clusters)}`;
    }
    const ramped = clusters.reduce((sum, { load }) => sum + load.demand.base, 0);
    const moved = bindable === ramped ? '' : ` of ${bindable} wanted`;
    return `${total(clusters, 'bound')} Pods bound${moved}, ${total(clusters, 'pending')} pending${waitingText(clusters)}`;
  }

  /** Sets the targets to what is wanted now. @returns their sum */
  #aim(): WantedPods {
    const wanted = this.#loads.map((load) => load.aim());
    return {
      pods: wanted.reduce((sum, { pods }) => sum + pods, 0),
      bindable: wanted.reduce((sum, { bindable }) => sum + bindable, 0),
    };
  }

  /** The soak was ended early, e.g. by a breach: operations that were due until then and were not sent are late. */
  countNeverSent(endedAtMs: number): void {
    for (const load of this.#loads) for (const lateMs of load.neverBegun(endedAtMs)) this.#lateness.neverSent(lateMs);
    this.#keepLateness();
  }

  /** Keeps how late the operations were sent. */
  #keepLateness(): void {
    this.#request.kept.change({ lateness: this.#lateness.soFar });
  }

  /** Keeps what was observed. */
  keepObservation(): void {
    this.#request.kept.change({ observation: this.#observation() });
  }

  #observation(): Observation {
    return observedSoFar(this.#request.clusters, this.#observedBefore);
  }

  /**
   * Keeps the targets up to date for the soak's time. Then the last Pods have their time, also those of operations that are late.
   * @param sent settle when all operations of a cluster have been sent
   * @param loads settle when its Pods are as wanted, or had their time
   */
  async #settle(
    { sent, loads }: Readonly<Record<'sent' | 'loads', readonly Promise<void>[]>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { context, clock, clusters } = this.#request;
    for (let leftMs = clock.endAtMs - Date.now(); leftMs > 0; leftMs = clock.endAtMs - Date.now()) {
      this.#aim();
      await pause(Math.min(leftMs, SOAK_TICK_MS), signal);
    }
    await Promise.all(sent);
    this.#isSettling = true;
    await endLastPods({ spec: context.spec, clusters, wanted: this.#aim(), loads, signal });
    this.#isSettling = false;
    // The last state has to be scraped before it can be read.
    await pause(2 * scrapeIntervalMs(context.spec.plan), signal);
  }

  #result(): DrivenResult {
    return drivenResult({
      clock: this.#request.clock,
      clusters: this.#request.clusters,
      loads: this.#loads,
      lateness: this.#lateness.soFar,
      observation: this.#observation(),
    });
  }

  async #send(load: SoakLoad, signal: AbortSignal): Promise<void> {
    const { kept } = this.#request;
    await load.run(signal, (lowWater) =>
      kept.change({
        lowWater: { ...kept.now.lowWater, [load.cluster]: lowWater },
        lateness: this.#lateness.soFar,
        observation: this.#observation(),
      }),
    );
  }

  async #complete(load: SoakLoad, signal: AbortSignal): Promise<void> {
    const { context, clock, clusters } = this.#request;
    const untilMs = Math.max(clock.endAtMs, Date.now()) + context.spec.deadlines.budgets.podReadyMs;
    const waiting = await completeLoad({ load, clusters, untilMs, signal });
    if (waiting === undefined) return;
    context.event('incomplete', `${load.cluster}: its Pods could not be brought to what is wanted${waiting}`);
  }

  #faultsRequest(): Parameters<typeof undoFaults>[0] {
    const { context, kept } = this.#request;
    return {
      faults: this.#faults,
      before: kept.now.actions,
      onChange: (key, state, what) => {
        kept.change({ actions: { ...kept.now.actions, [key]: state } });
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
        site: {
          client: cluster.client,
          namespace,
          labelSelector,
          nodes,
          nodesOfSystem: spec.capacityFromSystem,
          failedNodesTurnNotReady: cluster.showsFailedNodes(),
        },
        effect: effectOf(fault.action),
      },
    ];
  });
}
