import { mean, median, sampleStandardDeviation } from 'simple-statistics';
import { bootstrapDifference } from '../statistics/bootstrap.ts';
import { shiftBetween } from '../statistics/hodges-lehmann.ts';
import type { PermutationP } from '../statistics/max-t.ts';
import { runsNeeded } from '../statistics/runs-needed.ts';
import { numberText } from '../text/number.ts';
import { LARGEST_COMPARED } from './comparable-value.ts';
import type { StoredMetric } from './stored-metric.ts';

/** The chance of a false alarm that `belay compare` allows in a whole table. */
export const FALSE_ALARM_SHARE = 0.05;

/** How a comparison is made. */
export interface CompareLevels {
  /** Chance that a table of two equal sides has any metric that is better, worse or changed. */
  readonly alpha: number;
  /** Chance that an interval misses the change. Undefined: alpha. */
  readonly intervalAlpha?: number;
  /** Differences up to this share count as none. Undefined: nothing is ever the same. */
  readonly sameWithin: number | undefined;
}

/** What a comparison says of a metric. `changed`: nothing says which direction is better. */
export type CompareResult = 'better' | 'worse' | 'changed' | 'same' | 'cannot tell';

/** One side of a metric. */
interface ComparedSide {
  /** Runs with a value that is compared, and runs without one. */
  readonly n: number;
  readonly unmeasured: number;
  /** Those of the latter whose value is too large to be compared. */
  readonly tooLarge: number;
  readonly median: number | undefined;
  /** Standard deviation as a share of the mean; undefined for fewer than two runs, or a mean of 0. */
  readonly spread: number | undefined;
}

/** A difference: as a share of the baseline (0.1 = 10 % more), or in the metric's unit where shares mean nothing. */
interface ComparedChange {
  readonly scale: 'share' | 'difference';
  readonly estimate: number;
  /** Absent: too few runs for an interval. */
  readonly interval?: { readonly low: number; readonly high: number };
}

/** A metric of two sets of runs. */
export interface ComparedMetric {
  readonly name: string;
  readonly kind: StoredMetric['kind'];
  readonly unit: string;
  readonly better: StoredMetric['better'];
  readonly baseline: ComparedSide;
  readonly branch: ComparedSide;
  readonly change: ComparedChange | undefined;
  /** Chance of such a difference between equal sides: of this metric alone, and corrected for all of the table. */
  readonly p: number;
  readonly adjustedP: number;
  readonly result: CompareResult;
  /** Why it cannot be decided; empty otherwise. */
  readonly why: string;
  /** Runs on each side that find a difference of 10 % in four of five comparisons; undefined where the spread is not known. */
  readonly runsNeeded: number | undefined;
}

/** Share of the values below which their mean is rounding. */
const ROUNDING = 1e-12;

/** The size of the difference for which the number of runs is given. */
const DETECTED_SHARE = 0.1;
const POWER = 0.8;
/** With fewer runs on each side no order of the values is rarer than 5 %. */
export const LEAST_RUNS = 4;

/** What is compared. */
interface MetricInput {
  readonly metric: Pick<StoredMetric, 'name' | 'kind' | 'unit' | 'better'>;
  readonly baseline: readonly (number | undefined)[];
  readonly branch: readonly (number | undefined)[];
  /** Values of each side that are left out because they are too large to be compared. */
  readonly tooLarge: { readonly baseline: number; readonly branch: number };
  readonly chance: PermutationP;
  /** Whether the chance shows a difference at this point of the comparison. */
  readonly isDifferent: boolean;
  readonly smallestP: number;
  /** Metrics of the table. */
  readonly metricCount: number;
  readonly random: () => number;
}

/** Whether a metric's values are compared by their logarithms, so that a difference is a share. */
export function isShared(unit: string, values: readonly number[]): boolean {
  return unit !== 'ratio' && values.length > 0 && values.every((value) => value > 0);
}

/** A metric of two sets of runs: how far apart they are, and what follows. */
export function compareMetric(input: MetricInput, levels: CompareLevels): ComparedMetric {
  const { metric, chance } = input;
  const first = input.baseline.filter((value) => value !== undefined);
  const second = input.branch.filter((value) => value !== undefined);
  const change = changeOf(input, first, second, levels.intervalAlpha ?? levels.alpha);
  const spread = pooledSpread(metric.unit, first, second);
  const baseline = sideOf(input.baseline, first, input.tooLarge.baseline);
  const branch = sideOf(input.branch, second, input.tooLarge.branch);
  const { result, why } = decided(input, { first, second, change }, levels);
  return {
    ...metric,
    baseline,
    branch,
    change,
    p: chance.p,
    adjustedP: chance.adjusted,
    result,
    why,
    runsNeeded:
      spread === undefined
        ? undefined
        : runsNeeded(
            Math.log1p(DETECTED_SHARE),
            spread,
            { alpha: levels.alpha / input.metricCount, power: POWER },
            LEAST_RUNS,
          ),
  };
}

function sideOf(all: readonly unknown[], values: readonly number[], tooLarge: number): ComparedSide {
  const centre = centreOf(values);
  return {
    n: values.length,
    unmeasured: all.length - values.length,
    tooLarge,
    median: values.length === 0 ? undefined : median([...values]),
    spread: values.length < 2 || centre === 0 ? undefined : sampleStandardDeviation([...values]) / Math.abs(centre),
  };
}

/** The mean; 0 of no values, and where it is only what rounding left of values that cancel each other. */
function centreOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const centre = mean([...values]);
  return Math.abs(centre) <= ROUNDING * Math.max(...values.map(Math.abs)) ? 0 : centre;
}

function changeOf(
  { metric, random }: MetricInput,
  first: readonly number[],
  second: readonly number[],
  alpha: number,
): ComparedChange | undefined {
  if (first.length === 0 || second.length === 0) return undefined;
  if (isShared(metric.unit, [...first, ...second])) {
    const { estimate, interval } = shiftBetween(first.map(Math.log), second.map(Math.log), alpha);
    return {
      scale: 'share',
      estimate: Math.expm1(estimate),
      ...(interval === undefined
        ? {}
        : { interval: { low: Math.expm1(interval.low), high: Math.expm1(interval.high) } }),
    };
  }
  const { estimate, interval } = shiftBetween(first, second, alpha);
  if (interval === undefined) return { scale: 'difference', estimate };
  if (metric.unit !== 'ratio') return { scale: 'difference', estimate, interval };
  // Shares pile up at 1, where they cannot shift. The means can differ nevertheless.
  const { low, high } = bootstrapDifference(first, second, alpha, random);
  return {
    scale: 'difference',
    estimate,
    interval: { low: Math.min(low, interval.low), high: Math.max(high, interval.high) },
  };
}

/** The spread of both sides together, of logarithms or as a share of the mean. */
function pooledSpread(unit: string, first: readonly number[], second: readonly number[]): number | undefined {
  const asLogs = isShared(unit, [...first, ...second]);
  const sides = [first, second]
    .filter((values) => values.length >= 2)
    .map((values) => {
      const centre = centreOf(values);
      const scaled = asLogs ? values.map(Math.log) : values.map((value) => value / Math.abs(centre));
      return { df: values.length - 1, variance: sampleStandardDeviation(scaled) ** 2 };
    });
  const df = sides.reduce((sum, side) => sum + side.df, 0);
  const spread = Math.sqrt(sides.reduce((sum, side) => sum + side.df * side.variance, 0) / df);
  return Number.isFinite(spread) ? spread : undefined;
}

interface Decision {
  readonly result: CompareResult;
  readonly why: string;
}

function decided(
  { metric, isDifferent, smallestP, chance, tooLarge }: MetricInput,
  {
    first,
    second,
    change,
  }: {
    readonly first: readonly number[];
    readonly second: readonly number[];
    readonly change: ComparedChange | undefined;
  },
  { alpha, sameWithin }: CompareLevels,
): Decision {
  const isBeyond = [first.length === 0 && tooLarge.baseline > 0, second.length === 0 && tooLarge.branch > 0].some(
    Boolean,
  );
  if (isBeyond) return cannot(`the values are larger than what is compared, ${numberText(LARGEST_COMPARED)}`);
  if (change === undefined)
    return cannot(
      `not measured in ${first.length === 0 ? (second.length === 0 ? 'any run' : 'the baseline') : 'the branch'}`,
    );
  const isSame = sameWithin !== undefined && isWithin(change, sameWithin, median([...first]));
  if (isSame) return { result: 'same', why: '' };
  if (isDifferent)
    return { result: directionOf(metric.better, median([...second]) - median([...first]), change.estimate), why: '' };
  if (Math.min(first.length, second.length) === 1) return cannot('one run does not show how much runs differ');
  if (smallestP > alpha)
    return cannot(
      `${first.length} and ${second.length} runs cannot show anything; ${LEAST_RUNS} and ${LEAST_RUNS} can`,
    );
  if (chance.p <= alpha) return cannot('a difference, but such a one is likely somewhere among so many metrics');
  if (sameWithin === undefined)
    return cannot('no difference was shown; without --same-within nothing counts as the same');
  return cannot('no difference was shown, and the interval is wider than what counts as the same');
}

function cannot(why: string): Decision {
  return { result: 'cannot tell', why };
}

function isWithin({ scale, interval }: ComparedChange, within: number, baseline: number): boolean {
  if (interval === undefined) return false;
  const [low, high] =
    scale === 'share' ? [1 / (1 + within) - 1, within] : [-within * Math.abs(baseline), within * Math.abs(baseline)];
  return interval.low >= low && interval.high <= high;
}

function directionOf(better: StoredMetric['better'], ofMedians: number, estimate: number): CompareResult {
  const direction = estimate === 0 ? ofMedians : estimate;
  if (better === 'unknown' || direction === 0) return 'changed';
  return direction < 0 === (better === 'lower') ? 'better' : 'worse';
}
