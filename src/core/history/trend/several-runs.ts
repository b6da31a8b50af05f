import { memoryOf, widening } from '../../statistics/memory.ts';
import { studentBound } from '../../statistics/student.ts';
import { mean, sumOfSquares } from '../../statistics/sums.ts';
import { TREND, type TrendOptions } from './bounds.ts';
import { bestDrift, driftAt, type DriftFit } from './fit-drift.ts';
import { bestStep, type StepFit } from './fit-step.ts';
import type { Noise, Point } from './noise.ts';

/** What several runs of a level show together: the better of a step and a drift, where it is beyond its bound. */
export type Shown =
  { readonly kind: 'step'; readonly fit: StepFit } | { readonly kind: 'drift'; readonly fit: DriftFit };

/** Of a step and of a drift alike: where it is, and two more. */
const PARAMETERS = 3;

/** Looks for a change that no single run shows. */
export function shownBySeveral(
  points: readonly Point[],
  noise: Noise,
  { minChange }: Pick<TrendOptions, 'minChange'>,
): Shown | undefined {
  const n = points.length;
  const last = points.at(-1)?.at ?? 0;
  const runsBefore = noise.isBorrowed ? TREND.runsBeforeBorrowed : TREND.runsBefore;
  const step = bestStep(points, noise, { runsBefore, runsAfter: TREND.runsAfter });
  const drift = bestDrift(points, noise, TREND.driftRuns);
  const df = noise.df(n - 2);
  const hasStepped = (wider: number): boolean =>
    step !== undefined &&
    Math.abs(step.t) > wider * studentBound(stepChance(n - step.from) / Math.max(1, n - runsBefore), df);
  const hasDrifted = (wider: number): boolean =>
    drift !== undefined &&
    Math.abs(drift.t) > wider * studentBound(TREND.driftOverRuns / Math.max(n, TREND.driftPlaces), df);
  if (!hasStepped(1) && !hasDrifted(1)) return undefined;
  const isLine = drift !== undefined && !(step !== undefined && step.squares <= drift.squares);
  const wider = widening(memoryOf(residualsOf(points, isLine ? drift : undefined, step), PARAMETERS));
  // A level that moved a little with every run also looks like two levels, but those leave larger residuals.
  if (isLine && isOfInterest(drift.before, driftAt(drift, last)) && (hasDrifted(wider) || hasStepped(wider)))
    return { kind: 'drift', fit: drift };
  return step !== undefined && isOfInterest(step.before, step.after) && hasStepped(wider)
    ? { kind: 'step', fit: step }
    : undefined;

  function isOfInterest(before: number, after: number): boolean {
    return Math.abs(after - before) >= minChange * Math.abs(before);
  }
}

/** The chance of a step that is none, over all places. The next runs look again at one that few runs show. */
function stepChance(runsAfter: number): number {
  return runsAfter < TREND.runsBefore ? TREND.stepOverRuns / 2 : TREND.stepOverRuns;
}

/**
 * Whether a drift has ended: its level of some runs ago moved on to the latest runs less well than it went flat.
 */
export function hasEnded(points: readonly Point[], noise: Noise): boolean {
  const rise = points.slice(0, -TREND.driftRuns);
  const flat = points.slice(-TREND.driftRuns).map(({ value }) => value);
  const [whole, part] = [points, rise].map((some) => bestDrift(some, noise, TREND.driftRuns));
  if (whole === undefined || part === undefined) return false;
  const level = mean(flat);
  return part.squares + sumOfSquares(flat.map((value) => value - level)) < TREND.instead * whole.squares;
}

function residualsOf(
  points: readonly Point[],
  drift: DriftFit | undefined,
  step: StepFit | undefined,
): readonly number[] {
  return points.map(({ at, value }, index) => {
    if (drift !== undefined) return value - driftAt(drift, at);
    return step === undefined ? 0 : value - (index < step.from ? step.before : step.after);
  });
}
