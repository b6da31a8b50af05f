import type { CheckSchedule } from '../core/plan/check-schedule.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';

/** The clock of one execution of a soak. It depends on its start and the specification only: every attempt and host has the same. */
export class SoakClock {
  readonly startAtMs: number;
  readonly settleEndMs: number;
  readonly endAtMs: number;
  readonly #soakSeconds: number;
  readonly #gateIntervalMs: number;

  constructor({ profile, deadlines }: CampaignSpec, startAtMs: number) {
    const { soakSeconds, settleSeconds } = profile.loadProfile;
    this.#soakSeconds = soakSeconds;
    this.#gateIntervalMs = deadlines.budgets.gateIntervalMs;
    this.startAtMs = startAtMs;
    this.settleEndMs = startAtMs + settleSeconds * 1_000;
    this.endAtMs = startAtMs + soakSeconds * 1_000;
  }

  /** When the fail-fast gates are due to be checked. */
  get checks(): CheckSchedule {
    return { settleEndMs: this.settleEndMs, endMs: this.endAtMs, intervalMs: this.#gateIntervalMs };
  }

  /** The time that has passed, for the live line: "240 of 600 s". */
  elapsedText(nowMs: number): string {
    return `${Math.round(this.#elapsedMs(nowMs) / 1_000)} of ${this.#soakSeconds} s`;
  }

  /** The share of the soak that has passed, 0 to 1. */
  elapsedShare(nowMs: number): number {
    return Math.min(1, this.#elapsedMs(nowMs) / (this.endAtMs - this.startAtMs));
  }

  /** The start of several groups lies ahead at first. */
  #elapsedMs(nowMs: number): number {
    return Math.max(0, nowMs - this.startAtMs);
  }

  /** A moment for messages: "240 s into a soak of 600 s". */
  text(atMs: number): string {
    return `${Math.round((atMs - this.startAtMs) / 1_000)} s into a soak of ${this.#soakSeconds} s`;
  }
}
