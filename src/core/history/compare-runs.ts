import { randomStream } from '../plan/random.ts';
import { maxTPermutation, smallestP } from '../statistics/max-t.ts';
import { comparableValue } from './comparable-value.ts';
import { compareMetric, isShared, type CompareLevels, type ComparedMetric } from './compare-metric.ts';
import type { StoredMetric } from './stored-metric.ts';
import type { StoredRun } from './stored-run.ts';

/** One side of a comparison. */
export type MetricsOfRun = Pick<StoredRun, 'metrics'>;

/** What a comparison may depend on beside the runs. */
export interface CompareOptions extends CompareLevels {
  /** Only these metrics. Undefined: all. */
  readonly names?: readonly string[] | undefined;
  /** Largest adjusted chance that shows a difference. Undefined: alpha. A comparison that looks several times has less at each. */
  readonly level?: number | undefined;
}

/**
 * Compares two sets of runs in every metric that any of them has. The order of the metrics is that of the newest baseline run.
 * The same runs give the same result.
 */
export function compareRuns(
  baseline: readonly MetricsOfRun[],
  branch: readonly MetricsOfRun[],
  options: CompareOptions,
): readonly ComparedMetric[] {
  const metrics = metricsOfAll([...baseline, ...branch]).filter(
    ({ name }) => options.names === undefined || options.names.includes(name),
  );
  const valuesOf = (runs: readonly MetricsOfRun[], name: string): readonly (number | undefined)[] =>
    runs.map((run) => run.metrics.find((metric) => metric.name === name)?.value);
  const values = metrics.map((metric) => {
    const [before, after] = [valuesOf(baseline, metric.name), valuesOf(branch, metric.name)];
    return {
      metric,
      baseline: before.map(comparableValue),
      branch: after.map(comparableValue),
      tooLarge: { baseline: tooLargeIn(before), branch: tooLargeIn(after) },
    };
  });
  const tested = values.map(({ metric, ...sides }) => scaled(metric.unit, [...sides.baseline, ...sides.branch]));
  const chances = maxTPermutation(tested, baseline.length, randomStream(1, 'permutations'));
  return values.map((sides, index) => {
    const chance = chances[index] ?? { p: 1, adjusted: 1 };
    return compareMetric(
      {
        ...sides,
        chance,
        isDifferent: chance.adjusted <= (options.level ?? options.alpha),
        smallestP: smallestP(measuredIn(sides.baseline), measuredIn(sides.branch)),
        metricCount: metrics.length,
        random: randomStream(1, 'bootstrap', sides.metric.name),
      },
      options,
    );
  });
}

/** Values that are positive are compared by their logarithms: a run that takes twice as long is as far as one of half the time. */
function scaled(unit: string, values: readonly (number | undefined)[]): readonly (number | undefined)[] {
  const known = values.filter((value) => value !== undefined);
  return isShared(unit, known) ? values.map((value) => (value === undefined ? undefined : Math.log(value))) : values;
}

/** Every metric once. A direction that one run does not know may be known to another. */
function metricsOfAll(
  runs: readonly MetricsOfRun[],
): readonly Pick<StoredMetric, 'name' | 'kind' | 'unit' | 'better'>[] {
  const found = new Map<string, Pick<StoredMetric, 'name' | 'kind' | 'unit' | 'better'>>();
  for (const { name, kind, unit, better } of runs.flatMap(({ metrics }) => metrics)) {
    const before = found.get(name);
    if (before === undefined || before.better === 'unknown') found.set(name, { name, kind, unit, better });
  }
  return [...found.values()];
}

function tooLargeIn(values: readonly (number | undefined)[]): number {
  return values.filter((value) => value !== undefined && comparableValue(value) === undefined).length;
}

function measuredIn(side: readonly unknown[]): number {
  return side.filter((value) => value !== undefined).length;
}
