import { ApplicationFailure } from '@temporalio/activity';
import type { Logger } from 'pino';
import { setTimeout as sleep } from 'node:timers/promises';
import { replaceMissing, runChurn, type ChurnReport } from '../adapters/kube/run-churn.ts';
import { SlotBook } from '../adapters/kube/slot-book.ts';
import { EVALUATION_BUDGETS } from '../adapters/prometheus/evaluate.ts';
import { prometheusClient } from '../adapters/prometheus/client.ts';
import { ownPrometheus } from '../adapters/prometheus/server.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import type { GateResult } from '../core/gates/model.ts';
import { bounded } from './bounded.ts';
import type { ObservedCluster, Observers } from './observers.ts';
import { PARALLEL_REQUESTS } from './ramp.ts';
import { runActions, type ActionState } from './soak-actions.ts';
import { breachIn, liveGates, readGates } from './soak-gates.ts';
import { scrapeIntervalMs } from '../core/plan/scrape-interval.ts';
import { stageActivity, type StageContext } from './stage-activity.ts';
import { total } from './steady.ts';

/** What a soak goes by after a restart: its clock above all, which no death of a worker moves. */
export interface SoakCheckpoint {
  readonly startAtMs: number;
  readonly lowWater: Readonly<Record<string, number>>;
  readonly actions: Readonly<Record<string, ActionState>>;
}

const TICK_MS = 1_000;
/**
 * Generations that each execution has to itself: a retried soak replaces Pods anew, instead of finding its operations done by
 * the one before.
 */
const GENERATIONS_PER_EXECUTION = 1_000;

/**
 * Holds the load for the soak's time: churn at its intended moments, runner actions, lost Pods replaced, and every check
 * interval the fail-fast gates. A breach ends it at once. At the end, and at a breach, all gates are read, over the window
 * that ends then.
 */
export function createSoak(log: Logger, observers: Observers): (input: StageInput) => Promise<StageResult> {
  return stageActivity('soak', log, async (context) => {
    const { spec, owner } = context;
    const { budgets, stages } = spec.deadlines;
    const clusters = await bounded('watch Pods', { budgetMs: 3 * budgets.apiCallMs }, () =>
      observers.of(spec, context.clusters(), owner, 'soak'),
    );
    const soak = new Soak(context, clusters);
    const stallMs = (EVALUATION_BUDGETS + 1) * budgets.queryMs + budgets.podReadyMs + budgets.gateIntervalMs;
    return await bounded('soak', { budgetMs: stages.soak.attemptMs, stallMs }, async (signal, progress) => {
      const breach = await soak.run(signal, (live, fraction, gates) =>
        progress({ live, fraction, ...gates, checkpoint: soak.checkpoint }),
      );
      if (breach !== undefined) throw breached(breach, soak);
      return soak.result();
    });
  });
}

class Soak {
  checkpoint: SoakCheckpoint;
  readonly endAtMs: number;
  readonly #context: StageContext;
  readonly #clusters: readonly ObservedCluster[];
  readonly #url: string;
  #churned: readonly ChurnReport[] = [];
  #lost = 0;
  #checks = 0;

  constructor(context: StageContext, clusters: readonly ObservedCluster[]) {
    this.#context = context;
    this.#clusters = clusters;
    this.checkpoint = (context.checkpoint as SoakCheckpoint | undefined) ?? {
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
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    const client = prometheusClient(this.#url);
    const books = await Promise.all(this.#clusters.map((cluster) => this.#book(cluster, signal)));
    const work = Promise.all([
      ...this.#clusters.map((cluster, index) => this.#churn(cluster, books[index] as SlotBook, inner)),
      this.#actions(inner, signal),
    ]);
    // A failing churn is thrown where it is awaited; until then it must not count as unhandled.
    work.catch(() => undefined);
    try {
      const breach = await Promise.race([this.#watch(client, books, inner, show), work.then(() => never(inner))]);
      if (breach === undefined) await Promise.all([work, this.#settle(books, inner, show)]);
      stop.abort(new Error('the soak is over'));
      await work.catch(() => undefined);
      this.#keep(
        await readGates({
          spec: this.#context.spec,
          client,
          soakStartMs: this.checkpoint.startAtMs,
          only: 'all',
          signal,
        }),
      );
      return breach;
    } finally {
      stop.abort(new Error('the soak is over'));
      await client.close();
    }
  }

  result(): { readonly detail: string; readonly facts: Record<string, number | string> } {
    const replaced = this.#churned.reduce((sum, report) => sum + report.replaced + report.skipped, 0);
    const lateP99 = Math.max(0, ...this.#churned.map((report) => report.sentLate.p99Ms));
    const seconds = this.#context.spec.profile.loadProfile.soakSeconds;
    return {
      detail: `${seconds} s, ${replaced} Pods replaced, ${this.#lost} lost and replaced, ${this.#checks} checks of the gates`,
      facts: {
        soakStartMs: this.checkpoint.startAtMs,
        soakEndMs: this.endAtMs,
        podsReplaced: replaced,
        podsLost: this.#lost,
        churnLateP99Ms: lateP99,
        podsBound: total(this.#clusters, 'bound'),
        podsPresent: total(this.#clusters, 'present'),
        watchSilent: this.#clusters.reduce((sum, cluster) => sum + cluster.watchStats().silent, 0),
      },
    };
  }

  get clock(): string {
    return `${Math.round((Date.now() - this.checkpoint.startAtMs) / 1_000)} s into a soak of ${this.#context.spec.profile.loadProfile.soakSeconds} s`;
  }

  /** Reads the fail-fast gates every interval until the soak is over or one breaks. */
  async #watch(
    client: ReturnType<typeof prometheusClient>,
    books: readonly SlotBook[],
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
        if (breach !== undefined) return breach;
        nextCheckMs += gateIntervalMs * Math.ceil((Date.now() - nextCheckMs + 1) / gateIntervalMs);
      }
      await this.#refill(books, signal);
      const elapsedMs = Date.now() - startAtMs;
      const soakMs = this.endAtMs - startAtMs;
      show(
        `${Math.round(elapsedMs / 1_000)} of ${Math.round(soakMs / 1_000)} s, ${total(this.#clusters, 'bound')} Pods bound, ${total(this.#clusters, 'pending')} pending, ${this.#checks} checks`,
        Math.min(1, elapsedMs / soakMs),
        gates,
      );
      await sleep(Math.min(TICK_MS, Math.max(1, this.endAtMs - Date.now())), undefined, { signal });
    }
    return undefined;
  }

  /**
   * What was replaced in the last second still has to be bound: the end is read when it is, or at the budget of a Pod. Where
   * the profile expects a standing shortfall, it only has to be there.
   */
  async #settle(
    books: readonly SlotBook[],
    signal: AbortSignal,
    show: (live: string, fraction: number, gates: object) => void,
  ): Promise<void> {
    const wanted = this.#clusters.reduce((sum, cluster) => sum + cluster.load.slots.length, 0);
    const { profile, deadlines } = this.#context.spec;
    const untilMs = Date.now() + deadlines.budgets.podReadyMs;
    const toBeBound = profile.slo.expectStandingShortfall === true ? 0 : wanted;
    while (
      Date.now() < untilMs &&
      !(total(this.#clusters, 'bound') >= toBeBound && total(this.#clusters, 'present') === wanted)
    ) {
      await this.#refill(books, signal);
      show(`waiting for the last Pods: ${total(this.#clusters, 'bound')} of ${wanted} bound`, 1, {});
      await sleep(250, undefined, { signal });
    }
    // The last state has to be scraped before it can be read.
    await sleep(2 * scrapeIntervalMs(this.#context.spec.plan), undefined, { signal });
  }

  async #churn(cluster: ObservedCluster, book: SlotBook, signal: AbortSignal): Promise<void> {
    const { client, load, record } = cluster;
    const firstGeneration = (this.#context.input.execution - 1) * GENERATIONS_PER_EXECUTION;
    const report = await runChurn({
      place: { client, namespace: load.namespace, labelSelector: load.labelSelector },
      pods: load,
      operations: load.churn.map((operation) => ({ ...operation, generation: operation.generation + firstGeneration })),
      startAtMs: this.checkpoint.startAtMs,
      fromOperation: this.checkpoint.lowWater[record.name] ?? 0,
      parallel: PARALLEL_REQUESTS,
      callBudgetMs: this.#context.spec.deadlines.budgets.apiCallMs,
      signal,
      book,
      onProgress: ({ lowWater }) => this.#save({ lowWater: { ...this.checkpoint.lowWater, [record.name]: lowWater } }),
    });
    this.#churned = [...this.#churned, report];
  }

  async #actions(signal: AbortSignal, undoSignal: AbortSignal): Promise<void> {
    const [cluster] = this.#clusters;
    const { spec, evidence, input } = this.#context;
    if (cluster === undefined) return;
    await runActions({
      actions: spec.profile.runnerActions,
      before: this.checkpoint.actions,
      startAtMs: this.checkpoint.startAtMs,
      cluster,
      callBudgetMs: spec.deadlines.budgets.apiCallMs,
      signal,
      undoSignal,
      onChange: (index, state, told) => {
        this.#save({ actions: { ...this.checkpoint.actions, [String(index)]: state } });
        evidence.event({
          atMs: Date.now(),
          stage: 'soak',
          execution: input.execution,
          attempt: 1,
          what: 'action',
          detail: told,
        });
      },
    });
  }

  /** Pods that were evicted, or whose Node is gone, get their next generation. */
  async #refill(books: readonly SlotBook[], signal: AbortSignal): Promise<void> {
    for (const [index, cluster] of this.#clusters.entries()) {
      const book = books[index];
      if (book === undefined || cluster.counts().present >= cluster.load.slots.length) continue;
      this.#lost += await replaceMissing({
        place: { client: cluster.client, namespace: cluster.load.namespace, labelSelector: cluster.load.labelSelector },
        pods: cluster.load,
        slots: cluster.load.slots.length,
        book,
        parallel: PARALLEL_REQUESTS,
        callBudgetMs: this.#context.spec.deadlines.budgets.apiCallMs,
        signal,
      });
    }
  }

  #book(cluster: ObservedCluster, signal: AbortSignal): Promise<SlotBook> {
    const { client, load } = cluster;
    const place = { client, namespace: load.namespace, labelSelector: load.labelSelector };
    return SlotBook.read(place, { signal, budgetMs: this.#context.spec.deadlines.budgets.apiCallMs });
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

function breached(breach: GateResult, soak: Soak): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `${breach.message} (${soak.clock}, seen at ${new Date(breach.reading.atMs).toISOString().slice(11, 19)} UTC)`,
    FAILURE_TYPES.gateBreach,
    {
      gate: breach.gate,
      observed: breach.reading.value,
      bar: breach.bar,
      windowStartMs: breach.reading.windowStartMs,
      windowEndMs: breach.reading.windowEndMs,
    },
  );
}

/** Settles only by the signal: the load being done early does not end the soak. */
function never(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => signal.addEventListener('abort', () => fail(signal.reason), { once: true }));
}
