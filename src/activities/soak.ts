import type { Logger } from 'pino';
import type { BoundEffect } from '../adapters/faults/effect.ts';
import type { ObservedCluster } from '../adapters/observe/observed-cluster.ts';
import type { Observers } from '../adapters/observe/observers.ts';
import { readReadings } from '../adapters/evidence/evidence-folder.ts';
import type { GateReader, GateReadRequest } from '../adapters/prometheus/gate-reader.ts';
import type { StageInput, StageResult } from '../core/campaign/stage-io.ts';
import type { GateResult } from '../core/gates/model.ts';
import { counted } from '../core/text/counted.ts';
import { LAST_PODS_POLL_MS } from '../core/plan/limits.ts';
import { scrapeIntervalMs } from '../core/plan/scrape-interval.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { isDecided } from '../core/verdict/final-readings.ts';
import type { ReadingMoment } from '../core/verdict/stored-reading.ts';
import type { LiveDetails } from './bounded.ts';
import { continuesElsewhere } from './cancellation.ts';
import { readOver } from './end-readings.ts';
import { pause } from './pause.ts';
import { SoakClock } from './soak-clock.ts';
import { Drive } from './soak-drive.ts';
import { breachFailure, breachIn, liveGates } from './soak-gates.ts';
import { soakResult } from './soak-result.ts';
import { watchGates } from './soak-watch.ts';
import { stageActivity, type BodyResult, type StageContext } from './stage-activity.ts';
import { total } from './steady.ts';

/** The adapters of the soak. */
export interface SoakAdapters {
  readonly observers: Pick<Observers, 'of'>;
  readonly openGateReader: (spec: CampaignSpec, execution: number) => GateReader;
  readonly effectOf: (action: string) => BoundEffect | undefined;
}

/** Shows the live state of the soak. */
type Show = (details: LiveDetails) => void;

/**
 * Keeps the load up for the soak's time: churn and changes of demand at their intended moments, faults, replacement of lost
 * Pods, and the fail-fast gates at every check interval. A breach ends it at once. All gates are read at the end: for the moment
 * at which the soak ended, by its time or by a breach, however long it takes until they are read. An attempt that finds the end
 * on record adds what is missing to it, and reports it.
 */
export function createSoak(log: Logger, adapters: SoakAdapters): (input: StageInput) => Promise<StageResult> {
  return stageActivity('soak', log, async (context) => {
    const { spec, owner } = context;
    const clusters = await context.step('watchesOpened', () =>
      adapters.observers.of(spec, context.clusters(), owner, { stage: 'soak', execution: context.input.execution }),
    );
    const clock = new SoakClock(context);
    const drive = new Drive({ context, clock, clusters, effectOf: adapters.effectOf });
    const gates = adapters.openGateReader(spec, context.input.execution);
    const soak = new Soak(context, clock, clusters, drive, gates);
    try {
      if (!soak.isOver()) await context.step('podsListed', ({ signal }) => drive.begin(signal));
      await context.step(SOAK_STEPS, ({ signal, progress }) =>
        soak.toTheEnd(signal, (details) => progress({ ...details, checkpoint: clock.checkpoint })),
      );
      await context.step('gatesRead', ({ signal }) => soak.readAllGates(signal));
      const { breach, ended } = clock.checkpoint;
      if (breach !== undefined) throw breachFailure(breach, clock.text(breach.reading.atMs));
      return { detail: ended?.detail ?? '', facts: ended?.facts ?? {} };
    } catch (error) {
      // After a requested cancel no attempt follows that could undo anything.
      if (!continuesElsewhere()) {
        await drive.undoFaults().catch((cause: unknown) => log.warn({ err: cause }, 'a fault could not be undone'));
      }
      throw error;
    } finally {
      await gates.close();
    }
  });
}

/** The steps of the soak that run side by side, or follow one another without a pause. */
const SOAK_STEPS = [
  'settle',
  'soak',
  'burstPods',
  'lastCheckDue',
  'lastCheck',
  'lastPodReady',
  'faultsInjected',
  'faultEffectSeen',
  'longestFault',
  'faultUndoingSeen',
] as const;

/** A soak: its drive and its watch side by side, and the end that both lead to. */
class Soak {
  /** How often the fail-fast gates were read. */
  checks = 0;
  readonly #context: StageContext<'soak'>;
  readonly #clock: SoakClock;
  readonly #clusters: readonly ObservedCluster[];
  readonly #drive: Drive;
  readonly #gates: GateReader;
  #live: object = {};

  constructor(
    context: StageContext<'soak'>,
    clock: SoakClock,
    clusters: readonly ObservedCluster[],
    drive: Drive,
    gates: GateReader,
  ) {
    this.#context = context;
    this.#clock = clock;
    this.#clusters = clusters;
    this.#drive = drive;
    this.#gates = gates;
  }

  /** Whether an earlier attempt reached the end or a breach. The worker of that attempt died before it could report it. */
  isOver(): boolean {
    const { breach, ended } = this.#clock.checkpoint;
    return breach !== undefined || ended !== undefined;
  }

  /** Drives and watches, to the end or to a breach, and records which of them. Nothing of it continues afterwards. */
  async toTheEnd(signal: AbortSignal, show: Show): Promise<void> {
    const { breach: earlier, ended } = this.#clock.checkpoint;
    if (ended !== undefined) return;
    if (earlier !== undefined) {
      // Only the faults are left, to be undone.
      await this.#drive.runFaults(AbortSignal.abort(), signal);
      return;
    }
    // After the soak's time nothing else reports that late operations and faults continue.
    this.#clock.reportTo(() => show(this.#details()));
    const stop = new AbortController();
    const inner = AbortSignal.any([signal, stop.signal]);
    const driven = this.#drive.run(inner, signal);
    const repairing = this.#drive.repair(inner);
    const watched = this.#watch(inner, show);
    const parts = [driven, repairing, watched];
    try {
      // The drive may be over before the soak is; it ends the soak only by failing.
      const breach = await Promise.race([watched, repairing, driven.then(() => watched)]);
      if (breach === undefined) {
        await Promise.race([Promise.all([driven, this.#settle(inner, show)]), repairing]);
        this.#clock.change({ ended: { settledAtMs: Date.now(), ...this.#result() } });
      }
    } finally {
      stop.abort(new Error('the soak is over'));
      await Promise.allSettled(parts);
      const { breach } = this.#clock.checkpoint;
      if (breach !== undefined) this.#drive.countNeverSent(breach.reading.atMs);
      this.#drive.keepLateness();
    }
  }

  /**
   * Reads all gates as they were when the soak ended, and keeps the readings. They are decided once: gates that an earlier attempt
   * has read are not read again.
   */
  async readAllGates(signal: AbortSignal): Promise<void> {
    const { spec, evidence, input } = this.#context;
    if (isDecided(spec.gates, readReadings(evidence.folder), input.execution)) return;
    const { breach, ended } = this.#clock.checkpoint;
    // After a breach no Pods are waited for.
    const atMs = breach?.reading.windowEndMs ?? this.#clock.endAtMs;
    const settledAtMs = ended?.settledAtMs ?? atMs;
    this.#keep('end', await readOver(() => this.#read({ only: 'all', atMs, settledAtMs, signal })));
  }

  #watch(signal: AbortSignal, show: Show): Promise<GateResult | undefined> {
    return watchGates({
      schedule: this.#clock.checks,
      signal,
      check: (atMs) => this.#check(atMs, signal),
      onTick: () => show(this.#details()),
    });
  }

  /** Reads the fail-fast gates. @returns the breach */
  async #check(atMs: number, signal: AbortSignal): Promise<GateResult | undefined> {
    const results = await this.#read({ only: 'failFast', atMs, signal });
    this.checks++;
    this.#keep('check', results);
    this.#live = { gates: liveGates(results) };
    const breach = breachIn(this.#context.spec, results);
    // It is recorded before anything else is waited for: the next attempt may find good numbers again.
    if (breach !== undefined) this.#clock.change({ breach });
    return breach;
  }

  #read(request: Omit<GateReadRequest, 'settleEndMs'>): Promise<readonly GateResult[]> {
    return this.#gates.read({ ...request, settleEndMs: this.#clock.settleEndMs });
  }

  #result(): BodyResult<StageResult> {
    const { loads, driven, lateness } = this.#drive;
    const { soakSeconds } = this.#context.spec.profile.loadProfile;
    const { checks } = this;
    return soakResult({ soakSeconds, clock: this.#clock, clusters: this.#clusters, loads, driven, checks, lateness });
  }

  /**
   * Waits until the Pods of the last second are bound and Ready, at most for the budget of a Pod. Where the profile expects a
   * standing shortfall they only have to exist; the same holds for Pods beyond the machines.
   */
  async #settle(signal: AbortSignal, show: Show): Promise<void> {
    const { profile, deadlines, plan } = this.#context.spec;
    const wanted = this.#drive.aim();
    const untilMs = Date.now() + deadlines.budgets.podReadyMs;
    const toBeReady = profile.slo.expectStandingShortfall === true ? 0 : wanted.bindable;
    const count = (of: 'bound' | 'ready' | 'present'): number => total(this.#clusters, of);
    while (
      Date.now() < untilMs &&
      !(count('bound') >= toBeReady && count('ready') >= toBeReady && count('present') === wanted.pods)
    ) {
      const live = `waiting for the last Pods: ${count('bound')} of ${wanted.bindable} bound, ${count('ready')} Ready`;
      show({ live, fraction: 1 });
      await pause(LAST_PODS_POLL_MS, signal);
    }
    for (const cluster of this.#clusters) cluster.endPods();
    // The last state has to be scraped before it can be read.
    await pause(2 * scrapeIntervalMs(plan), signal);
  }

  #details(): LiveDetails {
    const { startAtMs, endAtMs } = this.#clock;
    const { bindable } = this.#drive.aim();
    const ramped = this.#clusters.reduce((sum, { load }) => sum + load.demand.base, 0);
    const moved = bindable === ramped ? '' : ` of ${bindable} wanted`;
    const elapsedMs = Date.now() - startAtMs;
    const soakMs = endAtMs - startAtMs;
    const pods = `${total(this.#clusters, 'bound')} Pods bound${moved}, ${total(this.#clusters, 'pending')} pending`;
    return {
      live: `${Math.round(elapsedMs / 1_000)} of ${Math.round(soakMs / 1_000)} s, ${pods}, ${counted(this.checks, 'check')}`,
      fraction: Math.min(1, elapsedMs / soakMs),
      ...this.#live,
    };
  }

  #keep(moment: ReadingMoment, results: readonly GateResult[]): void {
    const { evidence, input } = this.#context;
    evidence.readings({ stage: 'soak', execution: input.execution }, moment, results);
  }
}
