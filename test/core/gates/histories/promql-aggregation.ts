import type { Sample } from '../../../../src/core/gates/answers.ts';
import { compensatedSum } from './promql-functions.ts';
import { keyOf, onlyLabels, PromqlError, withoutLabels, type Labels } from './promql-labels.ts';

type Reduce = (values: readonly number[]) => number;

const REDUCE: Readonly<Record<string, Reduce>> = {
  sum: compensatedSum,
  avg: (values) => compensatedSum(values) / values.length,
  count: (values) => values.length,
  group: () => 1,
  stddev: (values) => {
    const mean = compensatedSum(values) / values.length;
    return Math.sqrt(compensatedSum(values.map((value) => (value - mean) ** 2)) / values.length);
  },
  max: (values) => values.reduce((best, value) => (value > best || Number.isNaN(best) ? value : best)),
  min: (values) => values.reduce((best, value) => (value < best || Number.isNaN(best) ? value : best)),
};

/** Aggregations that keep some of the series. */
const SELECT: Readonly<Record<string, (a: Sample, b: Sample) => number>> = {
  topk: (a, b) => b.value - a.value,
  bottomk: (a, b) => a.value - b.value,
  limitk: () => 0,
};

/**
 * Aggregates a vector by labels. `topk` and the like are known without labels only.
 * @param most how many series they keep
 * @throws PromqlError for an operator that is not known here
 */
export function aggregate(
  operator: string,
  samples: readonly Sample[],
  { without, names, most }: { readonly without: boolean; readonly names: readonly string[]; readonly most: number },
): readonly Sample[] {
  const order = SELECT[operator];
  if (order !== undefined) return samples.toSorted(order).slice(0, most);
  const reduce = REDUCE[operator];
  if (reduce === undefined) throw new PromqlError(`${operator} is not known here`);
  const groups = new Map<string, { labels: Labels; values: number[] }>();
  for (const sample of samples) {
    const labels = without ? withoutLabels(sample.labels, ['__name__', ...names]) : onlyLabels(sample.labels, names);
    const key = keyOf(labels);
    const group = groups.get(key) ?? { labels, values: [] };
    group.values.push(sample.value);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ labels, values }) => ({ labels, value: reduce(values) }));
}
