import { mean, sumOfSquares } from '../../statistics/sums.ts';
import { TREND } from './bounds.ts';
import type { Noise, Point } from './noise.ts';

/** A level that changed between two runs. */
export interface StepFit {
  /** Position in the points of the first value of the new level. */
  readonly from: number;
  readonly before: number;
  readonly after: number;
  /** Sum of the squared residuals. */
  readonly squares: number;
  /** The change in its standard errors. */
  readonly t: number;
}

/** The step that leaves the smallest residuals. Undefined where there are too few values on either side. */
export function bestStep(
  points: readonly Point[],
  noise: Noise,
  { runsBefore, runsAfter }: { readonly runsBefore: number; readonly runsAfter: number },
): StepFit | undefined {
  const n = points.length;
  // Sums of squares of values that differ little would lose their digits.
  const centre = mean(points.map(({ value }) => value));
  const values = points.map(({ value }) => value - centre);
  const total = values.reduce((sum, value) => sum + value, 0);
  const squares = sumOfSquares(values);
  let head = 0;
  let best: Omit<StepFit, 't'> | undefined;
  for (let from = 1; from <= n - runsAfter; from++) {
    head += values[from - 1] ?? 0;
    if (from < runsBefore) continue;
    const before = head / from;
    const after = (total - head) / (n - from);
    const rest = Math.max(0, squares - before * head - after * (total - head));
    if (best === undefined || rest < best.squares) best = { from, before, after, squares: rest };
  }
  if (best === undefined) return undefined;
  const { before, after } = best;
  const change = after - before;
  const error = errorOf(values, best, noise);
  return { ...best, before: before + centre, after: after + centre, t: change === 0 ? 0 : change / error };
}

/** Standard error of a step: with one deviation on both sides, or with that of each where the values after vary more. */
function errorOf(
  values: readonly number[],
  { from, before, after, squares }: Omit<StepFit, 't'>,
  noise: Noise,
): number {
  const n = values.length;
  const same = noise.deviation(squares, n - 2) * Math.sqrt(1 / from + 1 / (n - from));
  if (n - from < TREND.runsBefore) return same;
  const squaresBefore = sumOfSquares(values.slice(0, from).map((value) => value - before));
  const squaresAfter = sumOfSquares(values.slice(from).map((value) => value - after));
  return Math.max(
    same,
    Math.hypot(Math.sqrt(squaresBefore / (from - 1) / from), Math.sqrt(squaresAfter / (n - from - 1) / (n - from))),
  );
}
