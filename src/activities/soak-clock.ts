import type { CheckSchedule } from '../core/plan/check-schedule.ts';
import type { SoakCheckpoint } from '../core/plan/checkpoints/soak.ts';
import type { StageContext } from './stage-activity.ts';

/** The clock of one execution of a soak, and the checkpoint that keeps it when a worker dies. */
export class SoakClock {
  readonly startAtMs: number;
  readonly settleEndMs: number;
  readonly endAtMs: number;
  readonly #save: (checkpoint: SoakCheckpoint) => void;
  readonly #soakSeconds: number;
  readonly #gateIntervalMs: number;
  #checkpoint: SoakCheckpoint;
  #onChange: () => void = () => undefined;

  /** Continues the clock of an earlier attempt, or starts a new one. */
  constructor({ spec, checkpoint, save }: Pick<StageContext<'soak'>, 'spec' | 'checkpoint' | 'save'>) {
    const { soakSeconds, settleSeconds } = spec.profile.loadProfile;
    this.#checkpoint = checkpoint ?? { startAtMs: Date.now(), lowWater: {}, actions: {} };
    this.#save = save;
    this.#soakSeconds = soakSeconds;
    this.#gateIntervalMs = spec.deadlines.budgets.gateIntervalMs;
    this.startAtMs = this.#checkpoint.startAtMs;
    this.settleEndMs = this.startAtMs + settleSeconds * 1_000;
    this.endAtMs = this.startAtMs + soakSeconds * 1_000;
    save(this.#checkpoint);
  }

  /** When the fail-fast gates are due to be checked. */
  get checks(): CheckSchedule {
    return { settleEndMs: this.settleEndMs, endMs: this.endAtMs, intervalMs: this.#gateIntervalMs };
  }

  get checkpoint(): SoakCheckpoint {
    return this.#checkpoint;
  }

  /** Sets what is called after each change: every change of the checkpoint is progress of the soak. */
  reportTo(onChange: () => void): void {
    this.#onChange = onChange;
  }

  /** Changes the checkpoint and keeps it. */
  change(change: Partial<Omit<SoakCheckpoint, 'startAtMs'>>): void {
    this.#checkpoint = { ...this.#checkpoint, ...change };
    this.#save(this.#checkpoint);
    this.#onChange();
  }

  /** A moment for messages: "240 s into a soak of 600 s". */
  text(atMs: number): string {
    return `${Math.round((atMs - this.startAtMs) / 1_000)} s into a soak of ${this.#soakSeconds} s`;
  }
}
