import { resolution } from '../../statistics/resolution.ts';
import { studentBound } from '../../statistics/student.ts';
import { mean, sumOfSquares } from '../../statistics/sums.ts';
import { TREND } from './bounds.ts';
import { driftAt, type DriftFit } from './fit-drift.ts';
import type { Expectation } from './expectation.ts';
import type { Change, ChangeSize } from './model.ts';
import type { Noise } from './noise.ts';

/** Intervals cover the true change with this probability, if values vary as those of a normal distribution do. */
const OUTSIDE = 0.05;

/** The part of a change that says how large it is. */
export type Sized = Pick<Change, 'before' | 'after' | 'size' | 'runsBefore' | 'runsAfter'>;

/** The change from one level to the next. */
export function sizeOfStep(before: readonly number[], after: readonly number[]): Sized {
  const [from, to] = [mean(before), mean(after)];
  const df = Math.max(1, before.length + after.length - 2);
  const least = resolution([...before, ...after]) ** 2 / 12;
  const varianceBefore = Math.max(
    least,
    sumOfSquares(before.map((value) => value - from)) / Math.max(1, before.length - 1),
  );
  const ratio = from === 0 ? 0 : Math.abs(to / from);
  const own = sumOfSquares(after.map((value) => value - to));
  // A few values say little about how much they vary. Before they do, they vary as those before, as a share of their level.
  const likeBefore = varianceBefore * Math.max(ratio, 1) ** 2;
  const varianceAfter =
    after.length >= TREND.runsBefore ? Math.max(least, own / (after.length - 1)) : (own + likeBefore) / after.length;
  const error = Math.sqrt(varianceAfter / after.length + (Math.max(ratio, 1) ** 2 * varianceBefore) / before.length);
  const runs = { runsBefore: before.length, runsAfter: after.length };
  return { before: from, after: to, size: shares(from, to, studentBound(OUTSIDE, df) * error), ...runs };
}

/** The distance of one run from what was expected of it. */
export function sizeOfRun(value: number, { centre, deviation, df, factor, runs }: Expectation): Sized {
  const error = studentBound(OUTSIDE, df) * deviation * factor;
  return { before: centre, after: value, size: shares(centre, value, error), runsBefore: runs, runsAfter: 1 };
}

/** How far a drift has come. */
export function sizeOfDrift(fit: DriftFit, last: number, runs: number, noise: Noise): Sized {
  const after = driftAt(fit, last);
  const error = (studentBound(OUTSIDE, noise.df(runs - 2)) * Math.abs(after - fit.before)) / Math.abs(fit.t);
  const runsBefore = fit.from + 1;
  return {
    before: fit.before,
    after,
    size: shares(fit.before, after, error),
    runsBefore,
    runsAfter: runs - runsBefore,
  };
}

function shares(before: number, after: number, error: number): ChangeSize {
  if (before === 0) return {};
  const level = Math.abs(before);
  return {
    share: (after - before) / level,
    low: (after - before - error) / level,
    high: (after - before + error) / level,
  };
}
