import { mean } from '../../statistics/sums.ts';
import { TREND } from './bounds.ts';
import { bestDrift, driftAt } from './fit-drift.ts';
import { Noise, type Point } from './noise.ts';

/** What the runs before say about the next value. */
export interface Expectation {
  readonly centre: number;
  /** Standard deviation of a single value, and its degrees of freedom. */
  readonly deviation: number;
  readonly df: number;
  /** By how much the error of the expectation widens it. */
  readonly factor: number;
  readonly runs: number;
  /** Values within are as expected: a drift may go on or end. */
  readonly between: readonly [low: number, high: number];
  /** What is expected of a run of the level. */
  readonly at: (at: number) => number;
}

/**
 * What the values of a level say about the run `at`: the level goes on, or its drift does.
 * @param earlier residuals of earlier levels as shares of them
 */
export function expectation(
  points: readonly Point[],
  at: number,
  earlier: readonly number[],
  isDrifting: boolean,
): Expectation {
  const drift = isDrifting ? bestDrift(points, new Noise(points, earlier, 0), TREND.driftRuns) : undefined;
  if (drift !== undefined) {
    const centre = driftAt(drift, at);
    const noise = new Noise(points, earlier, centre);
    const own = points.length - 2;
    const flat = mean(points.slice(-TREND.driftRuns).map(({ value }) => value));
    return {
      centre,
      deviation: noise.deviation(drift.squares, own),
      df: noise.df(own),
      factor: Math.sqrt(1 + 4 / (at - drift.hinge)),
      runs: points.length,
      between: [Math.min(flat, centre), Math.max(flat, centre)],
      at: (other) => driftAt(drift, other),
    };
  }
  const values = points.map(({ value }) => value);
  const centre = mean(values);
  const noise = new Noise(points, earlier, centre);
  const own = values.length - 1;
  const recent = values.slice(-TREND.recentRuns);
  const lately = TREND.recentShare * noise.deviation(squaresOf(recent, mean(recent)), recent.length - 1);
  return {
    centre,
    deviation: Math.max(noise.deviation(squaresOf(values, centre), own), lately),
    df: noise.df(own),
    factor: Math.sqrt(1 + 1 / values.length),
    runs: values.length,
    between: [centre, centre],
    at: () => centre,
  };
}

function squaresOf(values: readonly number[], middle: number): number {
  let sum = 0;
  for (const value of values) sum += (value - middle) ** 2;
  return sum;
}
