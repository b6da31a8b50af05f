import { LATE_OPERATION_MS } from '../../core/plan/limits.ts';

/** How late operations were, in ms. All zero when there were none. */
export interface LatenessSummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Operations that were late by more than `LATE_OPERATION_MS`. */
  readonly lateCount: number;
}

/**
 * Measures how late the harness sends its requests. Every request of the load is measured here when it is first sent, so that
 * the metric and the report show the same numbers. Quantiles are exact (nearest rank).
 */
export class Lateness {
  readonly #ms: number[] = [];
  readonly #onLate: (lateMs: number) => void;

  /** @param onLate called with each lateness, ms */
  constructor(onLate: (lateMs: number) => void = () => undefined) {
    this.#onLate = onLate;
  }

  /** Call this for each request. Moments are ms since 1970. @returns how late it was sent, ms */
  sent(intendedAtMs: number, sentAtMs: number): number {
    const lateMs = Math.max(0, sentAtMs - intendedAtMs);
    this.add(lateMs);
    this.#onLate(lateMs);
    return lateMs;
  }

  add(ms: number): void {
    this.#ms.push(ms);
  }

  summary(): LatenessSummary {
    const sorted = Float64Array.from(this.#ms).sort();
    const rank = (quantile: number): number => sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? 0;
    const lateCount = this.#ms.filter((ms) => ms > LATE_OPERATION_MS).length;
    return { count: sorted.length, p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1), lateCount };
  }
}
