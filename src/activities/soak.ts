import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemandReport } from '../adapters/kube/run-demand.ts';
import { prometheusClient, type PrometheusClient } from '../adapters/prometheus/client.ts';
import { ownPrometheus } from '../adapters/prometheus/server.ts';
import { parseSoakCheckpoint, type SoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import type { GateResult } from '../core/gates/model.ts';
import { EVALUATION_QUERIES } from '../core/plan/limits.ts';
import { demandSchedule, type WantedPods } from '../core/plan/demand.ts';
import { bounded } from './bounded.ts';
import { continuesElsewhere } from './cancellation.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import { runActions, undoActions } from './soak-actions.ts';
import { breachFailure, breachIn, liveGates, readGates } from './soak-gates.ts';
import { SoakLoad } from './soak-load.ts';
import { LABELS } from '../core/plan/labels.ts';
import { scrapeIntervalMs } from '../core/plan/scrape-interval.ts';
import { soakResult } from './soak-result.ts';
import { stageActivity, type BodyResult, type StageContext } from './stage-activity.ts';
import { total } from './steady.ts';

const TICK_MS = 1_000;

/**
 * Holds the load for the soak's time: churn and changes of demand at their intended moments, runner actions, lost Pods
 * replaced, and every check interval the fail-fast gates. A breach ends it at once. At the end, and at a breach, all gates are
 * read, over the window that ends then.
 */
export function createSoak(log: Logger, observers: Observers): (input: StageInput) => Promise<StageResult> {
  return stageActivity('soak', log, async (context) => {
    const { spec, owner } = context;
    const { budgets, stages } = spec.deadlines;
    const clusters = await bounded('watch Pods', { budgetMs: 3 * budgets.apiCallMs }, () =>
      observers.of(spec, context.clusters(), owner, 'soak'),
    );
    const soak = new Soak(context, clusters);
    const stallMs = (EVALUATION_QUERIES + 1) * budgets.queryMs + budgets.podReadyMs + budgets.gateIntervalMs;
    try {
      return await bounded('soak', { budgetMs: stages.soak.attemptMs, stallMs }, async (signal, progress) => {
        const breach = await soak.run(signal, (live, fraction, gates) =>
          progress({ live, fraction, ...gates, checkpoint: soak.checkpoint }),
        );
        if (breach !== undefined) throw breachFailure(breach, soak.clockAt(breach.reading.atMs));
        return soak.result();
      });
    } catch (error) {
      // After a cancel that was requested no attempt follows that could undo anything.
      if (!continuesElsewhere()) await soak.undo();
      throw error;
    }
  });
}

class Soak {
  checkpoint: SoakCheckpoint;
  readonly endAtMs: number;
  readonly #context: StageContext;
  readonly #clusters: readonly ObservedCluster[];
  readonly #url: string;
  #loads: readonly SoakLoad[] = [];
  #driven: readonly DemandReport[] = [];
  #acting: Promise<void> = Promise.resolve();
  #checks = 0;

  constructor(context: StageContext, clusters: readonly ObservedCluster[]) {
    this.#context = context;
    this.#clusters = clusters;
    this.checkpoint = parseSoakCheckpoint(context.checkpoint) ?? {
      startAtMs: Date.now(),
      lowWater: {},
      actions: {},
    };
    context.save(this.checkpoint);
    this.endAtMs = this.checkpoint.startAtMs + context.spec.profile.loadProfile.soakSeconds * 1_000;
    this.#url = ownPrometheus(context.spec.slug)?.url ?? '';
  }

  /** Runs to the end or to a breach, and reads all gates then. @returns the breach */
  async run(
    signal: AbortSignal,
    show: (live: string, fraction: number, gates: object) => void,
  ): Promise<GateResult | undefined> {
    const client = prometheusClient(this.#url);
    try {
      const breach = await this.#toItsEnd(client, signal, show);
      const soakStartMs = this.checkpoint.startAtMs;
      this.#keep(await readGates({ spec: this.#context.spec, client, soakStartMs, only: 'all', signal }));
      return breach;
    } finally {
      await client.close();
    }
  }

  result(): BodyResult<StageResult> {
    return soakResult({
      soakSeconds: this.#context.spec.profile.loadProfile.soakSeconds,
      startAtMs: this.checkpoint.startAtMs,
      endAtMs: this.endAtMs,
      clusters: this.#clusters,
      loads: this.#loads,
      driven: this.#driven,
      checks: this.#checks,
    });
  }

  clockAt(atMs: number): string {
    return `${Math.round((atMs - this.checkpoint.startAtMs) / 1_000)} s into a soak of ${this.#context.spec.profile.loadProfile.soakSeconds} s`;
  }

  /** Holds the load and watches it; nothing of it goes on afterwards. */
  async #toItsEnd(
    client: PrometheusClient,
    signal: AbortSignal,
    show: (live: string, fraction: number, gates: object) => void,
  ): Promise<GateResult | undefined> {
    if (this.checkpoint.breach !== undefined) {
      // The worker that saw it died: there is no soak to go on with, only what it had done to be undone.
      await this.#actions(AbortSignal.abort(), signal);
      return this.checkpoint.breach;
    }
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    this.#loads = await Promise.all(this.#clusters.map((cluster) => this.#load(cluster, signal)));
    this.#aim();
    const parts = [
      ...this.#loads.map((load, index) => this.#drive(load, this.#clusters[index]?.record.name ?? '', inner)),
      this.#actions(inner, signal),
    ];
    const work = Promise.all(parts);
    // A failing load is thrown where it is awaited; until then it must not count as unhandled.
    work.catch(() => undefined);
    try {
      const breach = await Promise.race([this.#watch(client, inner, show), work.then(() => never(inner))]);
      if (breach === undefined) await Promise.all([work, this.#settle(inner, show)]);
      return breach;
    } finally {
      stop.abort(new Error('the soak is over'));
      await Promise.allSettled(parts);
    }
  }

  /** Reads the fail-fast gates every interval until the soak is over or one breaks. */
  async #watch(
    client: PrometheusClient,
    signal: AbortSignal,
    show: (live: string, fraction: number, gates: object) => void,
  ): Promise<GateResult | undefined> {
    const { spec } = this.#context;
    const { gateIntervalMs } = spec.deadlines.budgets;
    const { startAtMs } = this.checkpoint;
    const settleEndMs = startAtMs + spec.profile.loadProfile.settleSeconds * 1_000;
    let nextCheckMs = Math.max(Date.now(), settleEndMs) + gateIntervalMs;
    let gates: object = {};
    while (Date.now() < this.endAtMs) {
      if (Date.now() >= nextCheckMs) {
        const results = await readGates({ spec, client, soakStartMs: startAtMs, only: 'failFast', signal });
        this.#checks++;
        this.#keep(results);
        gates = { gates: liveGates(results) };
        const breach = breachIn(spec, results);
        if (breach !== undefined) {
          // On record before anything is waited for: the next attempt may find the numbers well again.
          this.#save({ breach });
          return breach;
        }
        nextCheckMs += gateIntervalMs * Math.ceil((Date.now() - nextCheckMs + 1) / gateIntervalMs);
      }
      const { bindable } = this.#aim();
      const ramped = this.#clusters.reduce((sum, { load }) => sum + load.demand.base, 0);
      const moved = bindable === ramped ? '' : ` of ${bindable} wanted`;
      await this.#mend(signal);
      const elapsedMs = Date.now() - startAtMs;
      const soakMs = this.endAtMs - startAtMs;
      show(
        `${Math.round(elapsedMs / 1_000)} of ${Math.round(soakMs / 1_000)} s, ${total(this.#clusters, 'bound')} Pods bound${moved}, ${total(this.#clusters, 'pending')} pending, ${this.#checks} checks`,
        Math.min(1, elapsedMs / soakMs),
        gates,
      );
      await sleep(Math.min(TICK_MS, Math.max(1, this.endAtMs - Date.now())), undefined, { signal });
    }
    return undefined;
  }

  /**
   * What was replaced in the last second still has to be bound: the end is read when it is, or at the budget of a Pod. Where
   * the profile expects a standing shortfall, it only has to be there; so do Pods beyond the machines.
   */
  async #settle(signal: AbortSignal, show: (live: string, fraction: number, gates: object) => void): Promise<void> {
    const { profile, deadlines } = this.#context.spec;
    const wanted = this.#aim();
    const untilMs = Date.now() + deadlines.budgets.podReadyMs;
    const toBeBound = profile.slo.expectStandingShortfall === true ? 0 : wanted.bindable;
    while (
      Date.now() < untilMs &&
      !(total(this.#clusters, 'bound') >= toBeBound && total(this.#clusters, 'present') === wanted.pods)
    ) {
      await this.#mend(signal);
      show(`waiting for the last Pods: ${total(this.#clusters, 'bound')} of ${wanted.bindable} bound`, 1, {});
      await sleep(250, undefined, { signal });
    }
    // The last state has to be scraped before it can be read.
    await sleep(2 * scrapeIntervalMs(this.#context.spec.plan), undefined, { signal });
  }

  async #drive(load: SoakLoad, name: string, signal: AbortSignal): Promise<void> {
    const report = await load.run(signal, (lowWater) =>
      this.#save({ lowWater: { ...this.checkpoint.lowWater, [name]: lowWater } }),
    );
    this.#driven = [...this.#driven, report];
  }

  async #actions(signal: AbortSignal, undoSignal: AbortSignal): Promise<void> {
    const { spec } = this.#context;
    const request = this.#actionsRequest();
    if (request === undefined) return;
    this.#acting = runActions({
      ...request,
      startAtMs: this.checkpoint.startAtMs,
      nodes: spec.capacityFromSystem ? {} : { labelSelector: `${LABELS.campaign}=${spec.campaign}` },
      signal,
      undoSignal,
    });
    await this.#acting;
  }

  /** After the end of a soak that was cut off: no Node stays failed. What cannot be undone is told, not thrown. */
  async undo(): Promise<void> {
    // Why it ended is told by the soak itself.
    await this.#acting.catch(() => undefined);
    const request = this.#actionsRequest();
    if (request === undefined) return;
    try {
      await undoActions(request);
    } catch (error) {
      this.#context.log.warn({ err: error }, 'a failed Node could not be brought back');
    }
  }

  #actionsRequest(): Parameters<typeof undoActions>[0] | undefined {
    const [cluster] = this.#clusters;
    const { spec, event } = this.#context;
    if (cluster === undefined) return undefined;
    return {
      actions: spec.profile.runnerActions,
      before: this.checkpoint.actions,
      cluster,
      callBudgetMs: spec.deadlines.budgets.apiCallMs,
      onChange: (index, state, told) => {
        this.#save({ actions: { ...this.checkpoint.actions, [String(index)]: state } });
        event('action', told);
      },
    };
  }

  /** Tells every target, and sums them up. */
  #aim(): WantedPods {
    const wanted = this.#loads.map((load) => load.aim());
    return {
      pods: wanted.reduce((sum, { pods }) => sum + pods, 0),
      bindable: wanted.reduce((sum, { bindable }) => sum + bindable, 0),
    };
  }

  async #mend(signal: AbortSignal): Promise<void> {
    for (const load of this.#loads) await load.mend(signal);
  }

  #load(cluster: ObservedCluster, signal: AbortSignal): Promise<SoakLoad> {
    const { spec, input } = this.#context;
    return SoakLoad.begin(
      {
        cluster,
        demand: demandSchedule(spec, cluster.record.index),
        startAtMs: this.checkpoint.startAtMs,
        execution: input.execution,
        lowWater: this.checkpoint.lowWater[cluster.record.name] ?? 0,
        callBudgetMs: spec.deadlines.budgets.apiCallMs,
      },
      signal,
    );
  }

  #keep(results: readonly GateResult[]): void {
    const { evidence, input } = this.#context;
    evidence.readings({ stage: 'soak', execution: input.execution }, results);
  }

  #save(change: Partial<SoakCheckpoint>): void {
    this.checkpoint = { ...this.checkpoint, ...change };
    this.#context.save(this.checkpoint);
  }
}

/** Settles only by the signal: the load being done early does not end the soak. */
function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason), { once: true }));
}
