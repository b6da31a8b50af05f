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

/** The answer to one query: series, or why there are none. */
export type Answer<T> =
  { readonly ok: true; readonly series: readonly T[] } | { readonly ok: false; readonly error: string };

/** A period in which a part of the infrastructure was dead or not watched; `endMs` null = it still is. */
export interface InfrastructureGap {
  readonly startMs: number;
  readonly endMs: number | null;
  readonly cluster?: string;
  readonly component: string;
}
