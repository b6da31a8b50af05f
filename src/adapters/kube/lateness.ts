/** How late things were, in ms. All zero when there were none. */
export interface LatenessSummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Collects durations and gives their exact quantiles (nearest rank). */
export class Lateness {
  readonly #ms: number[] = [];

  add(ms: number): void {
    this.#ms.push(ms);
  }

  summary(): LatenessSummary {
    const sorted = Float64Array.from(this.#ms).sort();
    const rank = (quantile: number): number => sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? 0;
    return { count: sorted.length, p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) };
  }
}
