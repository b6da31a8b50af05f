import { keyOf } from './promql-labels.ts';

/** What a Prometheus has stored of one series. A value `undefined` is a stale marker. Times are ms, in order. */
export interface StoredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly times: number[];
  readonly values: (number | undefined)[];
}

/** Chooses series by their labels. */
export type Matcher = (labels: Readonly<Record<string, string>>) => boolean;

/** A small database of series in memory, filled in the order of time. */
export class Store {
  readonly #byKey = new Map<string, StoredSeries>();
  readonly #byName = new Map<string, StoredSeries[]>();

  append(labels: Readonly<Record<string, string>>, atMs: number, value: number | undefined): void {
    this.appendTo(keyOf(labels), labels, atMs, value);
  }

  /** The same for a caller that has the key of the labels already. */
  appendTo(key: string, labels: Readonly<Record<string, string>>, atMs: number, value: number | undefined): void {
    let series = this.#byKey.get(key);
    if (series === undefined) {
      series = { labels, times: [], values: [] };
      this.#byKey.set(key, series);
      const name = labels['__name__'] ?? '';
      const named = this.#byName.get(name);
      if (named === undefined) this.#byName.set(name, [series]);
      else named.push(series);
    }
    const last = series.times.at(-1) ?? -Infinity;
    // Prometheus refuses a sample that is not newer.
    if (atMs <= last) return;
    series.times.push(atMs);
    series.values.push(value);
  }

  /** @param name the metric's name where the selector gives one */
  select(name: string | undefined, matches: Matcher): readonly StoredSeries[] {
    const candidates = name === undefined ? [...this.#byKey.values()] : (this.#byName.get(name) ?? []);
    return candidates.filter(({ labels }) => matches(labels));
  }

  all(): readonly StoredSeries[] {
    return [...this.#byKey.values()];
  }
}

/** Index of the last sample at or before a moment; -1 where there is none. */
export function lastIndexAt(times: readonly number[], atMs: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
