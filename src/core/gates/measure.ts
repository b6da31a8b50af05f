/**
 * A measured value. The true value is certainly within [low, high]: a quantile is known to its bucket, growth across a restart
 * is at least what was counted.
 */
export interface Measure {
  readonly value: number;
  /** Absent = the value itself. */
  readonly low?: number;
  /** Absent = the value itself; null = not bounded. */
  readonly high?: number | null;
  /** Of a value that is an age: how much of it the host's lack of CPU cannot explain. Absent = all of it. */
  readonly withCpu?: number;
  /** Why the value is not exact, one sentence. */
  readonly because?: string;
}

/** The lower bound of a measure. */
export function lowOf({ value, low }: Measure): number {
  return low ?? value;
}

/** The upper bound of a measure; Infinity where there is none. */
export function highOf({ value, high }: Measure): number {
  return high === undefined ? value : (high ?? Infinity);
}

/** A measure from its bounds; an exact one where both are the value. */
export function bounded(value: number, low: number, high: number, because: string | undefined): Measure {
  if (low === value && high === value) return { value };
  return { value, low, high: Number.isFinite(high) ? high : null, ...(because === undefined ? {} : { because }) };
}
