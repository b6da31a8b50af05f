import { mean, sumOfSquares } from '../../statistics/sums.ts';
import type { Noise, Point } from './noise.ts';

/** A level that has moved by the same amount per run since a run. */
export interface DriftFit {
  /** Position in the points of the last value of the level before. */
  readonly from: number;
  /** The number of that run. */
  readonly hinge: number;
  readonly before: number;
  readonly perRun: number;
  /** Sum of the squared residuals. */
  readonly squares: number;
  /** The amount per run, and its change since the hinge, in standard errors. */
  readonly t: number;
}

/** What a drift says about the value of a run. */
export function driftAt({ before, perRun, hinge }: DriftFit, at: number): number {
  return before + perRun * Math.max(0, at - hinge);
}

/**
 * The drift that leaves the smallest residuals: a level, then a straight line to the last value. Undefined where there are too
 * few values.
 * @param runs values on the line, at least
 */
export function bestDrift(points: readonly Point[], noise: Noise, runs: number): DriftFit | undefined {
  const n = points.length;
  const centre = mean(points.map(({ value }) => value));
  const values = points.map(({ value }) => value - centre);
  const total = values.reduce((sum, value) => sum + value, 0);
  const squares = sumOfSquares(values) - (total * total) / n;
  const last = points.at(-1)?.at ?? 0;
  // Sums over the values after `from`: how many, the values, the runs, and their products.
  let [count, y, x, xx, xy] = [0, 0, 0, 0, 0];
  let best: DriftFit | undefined;
  for (let from = n - 2; from >= 0; from--) {
    const at = (points[from + 1]?.at ?? 0) - last;
    const value = values[from + 1] ?? 0;
    count += 1;
    y += value;
    x += at;
    xx += at * at;
    xy += at * value;
    if (count < runs) continue;
    // The regressor is 0 up to the hinge, then the distance from it. These are its sums.
    const hinge = (points[from]?.at ?? 0) - last;
    const g = x - count * hinge;
    const gg = xx - 2 * hinge * x + count * hinge * hinge;
    const spread = gg - (g * g) / n;
    if (spread <= 0) continue;
    const covered = xy - hinge * y - (g * total) / n;
    const perRun = covered / spread;
    const rest = Math.max(0, squares - perRun * covered);
    if (best !== undefined && rest >= best.squares) continue;
    const error = noise.deviation(rest, n - 2) / Math.sqrt(spread);
    const before = (total - perRun * g) / n + centre;
    best = { from, hinge: hinge + last, before, perRun, squares: rest, t: perRun === 0 ? 0 : perRun / error };
  }
  return best;
}
