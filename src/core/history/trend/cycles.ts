import { madScale, median } from '../../statistics/robust.ts';
import { resolution } from '../../statistics/resolution.ts';
import { studentBound } from '../../statistics/student.ts';
import { TREND, TREND_DEFAULTS, type TrendOptions } from './bounds.ts';
import type { Expectation } from './expectation.ts';

/** Fewer cycles have no middle that one of them cannot move. */
const LEAST_CYCLES = 4;

/** Cycles of a run that are outliers among its own, counted from 0: the run needs no earlier ones for that. */
export function outlyingCycles(
  cycles: readonly number[],
  { minChange }: Pick<TrendOptions, 'minChange'> = TREND_DEFAULTS,
): readonly number[] {
  if (cycles.length < LEAST_CYCLES) return [];
  const centre = median(cycles);
  const unit = resolution(cycles);
  const deviation = Math.max(madScale(cycles, centre), unit / Math.sqrt(12));
  const least = Math.max(minChange * Math.abs(centre), 2 * unit);
  const bound = Math.max(least, studentBound(TREND.outlier, cycles.length - 1) * deviation);
  return cycles.flatMap((value, index) => (Math.abs(value - centre) > bound ? [index] : []));
}

/**
 * Whether a run's distance from its level is that of most of its cycles, or of a few. Undefined where it has too few cycles to
 * say so.
 */
export function isInMostCycles(
  cycles: readonly number[],
  value: number,
  { centre }: Pick<Expectation, 'centre'>,
): boolean | undefined {
  if (cycles.length < LEAST_CYCLES) return undefined;
  const half = (value - centre) / 2;
  const showing = cycles.filter((cycle) => (half > 0 ? cycle - centre >= half : cycle - centre <= half));
  return showing.length >= TREND.cyclesShare * cycles.length;
}
