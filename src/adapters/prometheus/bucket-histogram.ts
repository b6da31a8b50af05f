import { Histogram, type Registry } from 'prom-client';

/** One series of a histogram: its counts by bucket. */
export class HistogramSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly bounds: readonly number[];
  readonly #counts: number[];
  count = 0;
  sum = 0;

  /** @param bounds upper bounds of the buckets, ascending, without +Inf */
  constructor(labels: Readonly<Record<string, string>>, bounds: readonly number[]) {
    this.labels = labels;
    this.bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.count++;
    this.sum += value;
    const bucket = this.bounds.findIndex((bound) => value <= bound);
    if (bucket >= 0) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  /** How many values are at most as large as each bound. */
  cumulative(): readonly number[] {
    let sum = 0;
    return this.#counts.map((count) => (sum += count));
  }
}

/** One line of a histogram, as prom-client's registry writes it. */
interface Line {
  readonly metricName: string;
  readonly labels: Record<string, string | number>;
  readonly sharedLabels: Record<string, string>;
  readonly value: number;
}

/**
 * A histogram whose series have bounds of their own: each campaign has bounds at the bars of its gates. A histogram of prom-client
 * has the same bounds for all series. A series exists, with zeros, from the moment it is opened.
 */
export class BucketHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #series = new Map<string, HistogramSeries>();

  constructor(options: {
    readonly name: string;
    readonly help: string;
    readonly labelNames: readonly string[];
    readonly register: Registry;
  }) {
    const { name, help, labelNames, register } = options;
    super({ name, help, labelNames: [...labelNames], registers: [register] });
    this.#name = name;
    this.#help = help;
  }

  /** A new series without a value, in place of one with the same labels. */
  open(labels: Readonly<Record<string, string>>, bounds: readonly number[]): HistogramSeries {
    const series = new HistogramSeries(labels, bounds);
    this.#series.set(keyOf(labels), series);
    return series;
  }

  /** Removes a series, unless another one with its labels has been opened since. */
  drop(series: HistogramSeries): void {
    if (this.#series.get(keyOf(series.labels)) === series) this.#series.delete(keyOf(series.labels));
  }

  /** Removes the series with these labels. prom-client calls it with an object or with the values. */
  override remove(...labels: readonly (string | Partial<Record<string, string | number>>)[]): void {
    const [first] = labels;
    if (typeof first === 'object') this.#series.delete(keyOf(first));
  }

  /** What prom-client's registry calls, and what `get` of prom-client is made of. */
  getForPromString(): Promise<{ name: string; help: string; type: string; aggregator: string; values: Line[] }> {
    const values = [...this.#series.values()].flatMap((series) => linesOf(this.#name, series));
    return Promise.resolve({ name: this.#name, help: this.#help, type: 'histogram', aggregator: 'sum', values });
  }
}

function linesOf(name: string, series: HistogramSeries): readonly Line[] {
  const cumulative = series.cumulative();
  const line = (suffix: string, labels: Record<string, string | number>, value: number): Line => ({
    metricName: `${name}${suffix}`,
    labels,
    sharedLabels: { ...series.labels },
    value,
  });
  return [
    ...series.bounds.map((le, index) => line('_bucket', { le }, cumulative[index] ?? 0)),
    line('_bucket', { le: '+Inf' }, series.count),
    line('_sum', {}, series.sum),
    line('_count', {}, series.count),
  ];
}

function keyOf(labels: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
