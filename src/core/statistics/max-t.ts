import { combinations } from './combinations.ts';

/** One metric over all runs: those of the first group and then those of the second. Undefined: it was not measured there. */
export type MetricValues = readonly (number | undefined)[];

/** Up to so many ways to deal the runs all are looked at; of more, a sample. */
const ALL = 15_000;
const SAMPLE = 9_999;

/** Chances of each metric if the two groups were alike. */
export interface PermutationP {
  /** Of this metric by itself. */
  readonly p: number;
  /** Corrected for all metrics. */
  readonly adjusted: number;
}

/**
 * Compares two groups of runs in many metrics at once, by dealing the runs into the groups anew in all ways (Westfall and Young
 * 1993, step-down maxT). If the groups are alike, the chance that any adjusted value is at most `a` is at most `a`, however the
 * metrics depend on each other and whatever their distributions are. A difference that is large compared with the spread needs
 * hardly more runs for many metrics than for one, because no other way to deal the runs gives one as large in any metric.
 * @param firstCount number of runs in the first group
 * @param random for the sample when there are too many ways
 */
export function maxTPermutation(
  metrics: readonly MetricValues[],
  firstCount: number,
  random: () => number,
): readonly PermutationP[] {
  const runs = metrics[0]?.length ?? 0;
  const prepared = metrics.map(prepare);
  const observed = prepared.map((metric) => distance(metric, firstRuns(firstCount)));
  // From the most to the least different: a metric is compared with those that are not more different than itself.
  const order = observed.map((_, index) => index).toSorted((a, b) => (observed[b] ?? 0) - (observed[a] ?? 0));
  const alone = metrics.map(() => 0);
  const together = metrics.map(() => 0);
  let ways = 0;
  for (const group of waysToDeal(runs, firstCount, random)) {
    ways += 1;
    let largest = 0;
    for (let rank = order.length - 1; rank >= 0; rank--) {
      const index = order[rank] ?? 0;
      const metric = prepared[index];
      const own = metric === undefined ? 0 : distance(metric, group);
      largest = Math.max(largest, own);
      const bar = asLargeAs(observed[index] ?? 0);
      if (own >= bar) alone[index] = (alone[index] ?? 0) + 1;
      if (largest >= bar) together[index] = (together[index] ?? 0) + 1;
    }
  }
  let atLeast = 0;
  const adjusted = new Map<number, number>();
  for (const index of order) {
    atLeast = Math.max(atLeast, (together[index] ?? 0) / ways);
    adjusted.set(index, atLeast);
  }
  return metrics.map((_, index) => ({ p: (alone[index] ?? 0) / ways, adjusted: adjusted.get(index) ?? 1 }));
}

/** The smallest chance that a comparison of groups of these sizes can have. */
export function smallestP(firstCount: number, secondCount: number): number {
  const ways = countOfWays(firstCount + secondCount, firstCount);
  // Of two groups of one size, each split has a mirror image that is as different.
  return ways <= ALL ? (firstCount === secondCount ? 2 : 1) / ways : 1 / (SAMPLE + 1);
}

/** A metric with what does not depend on the groups. */
interface Prepared {
  /** From their mean, so that nothing is lost when squares are subtracted; 0 where there is none. */
  readonly values: Float64Array;
  /** 1 where there is a value. */
  readonly present: Float64Array;
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
}

function prepare(metric: MetricValues): Prepared {
  const known = metric.filter((value) => value !== undefined);
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const values = Float64Array.from(metric, (value) => (value === undefined ? 0 : value - mean));
  const present = Float64Array.from(metric, (value) => (value === undefined ? 0 : 1));
  return {
    values,
    present,
    count: known.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    squares: values.reduce((sum, value) => sum + value * value, 0),
  };
}

/** The absolute value of Student's t between the runs of a group and all others; 0 where one side has no value. */
function distance({ values, present, count, sum, squares }: Prepared, group: readonly number[]): number {
  let own = 0;
  let ownSum = 0;
  for (const run of group) {
    own += present[run] ?? 0;
    ownSum += values[run] ?? 0;
  }
  const others = count - own;
  if (own === 0 || others === 0) return 0;
  const othersSum = sum - ownSum;
  const difference = Math.abs(ownSum / own - othersSum / others);
  const within = Math.max(0, squares - (ownSum * ownSum) / own - (othersSum * othersSum) / others);
  // What is left of equal values is rounding.
  const noise = squares * 1e-12;
  if (difference * difference <= noise) return 0;
  if (within <= noise) return Infinity;
  return difference / Math.sqrt((within / Math.max(1, count - 2)) * (1 / own + 1 / others));
}

/** Another way to deal that gives the same groups may differ in the last digits. */
function asLargeAs(value: number): number {
  return value === Infinity ? value : value * (1 - 1e-9);
}

/** All ways, or the observed one and a sample of all. */
function* waysToDeal(runs: number, firstCount: number, random: () => number): Generator<readonly number[]> {
  if (countOfWays(runs, firstCount) <= ALL) {
    yield* combinations(runs, firstCount);
    return;
  }
  const all = firstRuns(runs);
  yield firstRuns(firstCount);
  for (let drawn = 0; drawn < SAMPLE; drawn++) {
    const shuffled = [...all];
    for (let index = 0; index < firstCount; index++) {
      const other = index + Math.floor(random() * (runs - index));
      [shuffled[index], shuffled[other]] = [shuffled[other] ?? 0, shuffled[index] ?? 0];
    }
    yield shuffled.slice(0, firstCount);
  }
}

function firstRuns(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function countOfWays(runs: number, firstCount: number): number {
  let ways = 1;
  for (let index = 1; index <= firstCount; index++) ways = (ways * (runs - firstCount + index)) / index;
  return Math.round(ways);
}
