/** One series of an instant answer. `value` may be NaN or infinite; `labels` holds `__name__` where Prometheus gives it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One series of a range answer: points of [time in ms, value], in order. */
export interface PointSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [number, number])[];
}

/** What came back for one question: series, or why there are none. */
export type Answer<T> =
  { readonly ok: true; readonly series: readonly T[] } | { readonly ok: false; readonly error: string };

/** A part of a campaign's ground that was dead or not watched; `endMs` null = still is. */
export interface InfrastructureGap {
  readonly startMs: number;
  readonly endMs: number | null;
  readonly cluster?: string;
  readonly component: string;
}
