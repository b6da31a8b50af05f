import { readReadings } from '../adapters/evidence/evidence-folder.ts';
import type { GateReader, GateReadRequest } from '../adapters/prometheus/gate-reader.ts';
import { BreachRuns } from '../core/gates/breach-runs.ts';
import type { GateResult } from '../core/gates/model.ts';
import type { SoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import { isDecided } from '../core/verdict/final-readings.ts';
import type { ReadingMoment } from '../core/verdict/stored-reading.ts';
import { counted } from '../core/text/counted.ts';
import { readOver } from './end-readings.ts';
import type { Checkpointed } from './kept-checkpoint.ts';
import type { SoakClock } from './soak-clock.ts';
import { showGates } from '../adapters/prometheus/campaign-metrics.ts';
import { liveGates } from './soak-gates.ts';
import type { StageContext } from './stage-activity.ts';
import { watchGates } from './watch-gates.ts';

/** The fields of a soak's checkpoint that a watch reads and changes. */
type WatchFields = Pick<SoakCheckpoint, 'breach'>;

/** What a watch needs from its stage. */
export interface WatchRequest {
  readonly context: Pick<StageContext, 'spec' | 'input' | 'evidence'>;
  readonly clock: SoakClock;
  readonly kept: Checkpointed<WatchFields>;
  readonly gates: Pick<GateReader, 'read'>;
  /** Called about once a second, except while gates are read. */
  readonly onTick: () => void;
}

/**
 * Watches the gates of a campaign through a soak: fail-fast gates at every interval, and all gates as they were at its end. It
 * needs the campaign's Prometheus and its evidence, and no cluster; a `Drive` does.
 */
export class Watch {
  readonly #request: WatchRequest;
  #checks = 0;
  #runs: BreachRuns | undefined;
  #live: Readonly<Record<string, unknown>> = {};

  constructor(request: WatchRequest) {
    this.#request = request;
  }

  /** How often the fail-fast gates were read, in words. */
  checksText(): string {
    return counted(this.#checks, 'check');
  }

  /** The gates of the last check, as heartbeat details. */
  get live(): Readonly<Record<string, unknown>> {
    return this.#live;
  }

  /**
   * Reads the fail-fast gates until the soak is over or one of them is breached. The breach is in the checkpoint before this returns.
   * @returns the breach
   * @throws what a reading throws; the signal's reason
   */
  async toTheEnd(signal: AbortSignal): Promise<GateResult | undefined> {
    const { clock, onTick } = this.#request;
    return await watchGates({
      schedule: clock.checks,
      signal,
      check: (atMs) => this.#check(atMs, signal),
      onTick,
    });
  }

  /**
   * Reads all gates as they were when the soak ended, and keeps the readings. They are decided once: gates that an earlier attempt
   * has read are not read again. The gate that ended the soak keeps the reading that ended it: read again, with samples of the host
   * that came later, it might say something else.
   * @param settledAtMs when the last Pods had their time; undefined after a breach, because no Pods are waited for then
   */
  async readAllGates(settledAtMs: number | undefined, signal: AbortSignal): Promise<void> {
    const { context, clock, kept } = this.#request;
    const { spec, evidence, input } = context;
    if (isDecided(spec.gates, readReadings(evidence.folder), input.execution)) return;
    const { breach } = kept.now;
    const atMs = breach?.reading.windowEndMs ?? clock.endAtMs;
    const request = { only: 'all', atMs, settledAtMs: settledAtMs ?? atMs, signal } as const;
    const results = await readOver(() => this.#read(request));
    this.#keep(
      'end',
      results.map((result) => (result.gate === breach?.gate ? breach : result)),
    );
  }

  /** Reads the fail-fast gates. @returns the breach */
  async #check(atMs: number, signal: AbortSignal): Promise<GateResult | undefined> {
    const runs = (this.#runs ??= this.#runsBefore());
    const results = await this.#read({ only: 'failFast', atMs, signal });
    this.#checks++;
    this.#keep('check', results);
    this.#live = { gates: liveGates(results) };
    showGates(this.#request.context.spec.campaign, results);
    const breach = results.map((result) => runs.add(result)).find((one) => one !== undefined);
    // It is recorded before anything else is waited for: the next attempt may find good numbers again.
    if (breach !== undefined) this.#request.kept.change({ breach });
    return breach;
  }

  /** The rows of readings beyond their bars that earlier attempts of this execution have begun. */
  #runsBefore(): BreachRuns {
    const { spec, evidence, input } = this.#request.context;
    const runs = new BreachRuns(spec.gates);
    for (const reading of readReadings(evidence.folder)) {
      if (reading.stage === 'soak' && reading.execution === input.execution) runs.add(reading);
    }
    return runs;
  }

  #read(request: Omit<GateReadRequest, 'settleEndMs'>): Promise<readonly GateResult[]> {
    const { gates, clock } = this.#request;
    return gates.read({ ...request, settleEndMs: clock.settleEndMs });
  }

  #keep(moment: ReadingMoment, results: readonly GateResult[]): void {
    const { evidence, input } = this.#request.context;
    evidence.readings({ stage: 'soak', execution: input.execution }, moment, results);
  }
}
