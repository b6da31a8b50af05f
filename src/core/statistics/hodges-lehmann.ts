import { median } from 'simple-statistics';
import { pairsLeftOut } from './mann-whitney.ts';

/** How far the second sample is from the first. */
export interface Shift {
  readonly estimate: number;
  /** The interval at the level that was asked for; absent where the samples are too small for one. */
  readonly interval?: { readonly low: number; readonly high: number };
}

/**
 * The shift from one sample to another: the median of all differences (Hodges and Lehmann 1963). The interval consists of the
 * shifts that the rank test of Mann and Whitney would not reject. It is exact for few values and conservative with ties.
 * @param alpha chance that the interval misses the shift
 */
export function shiftBetween(first: readonly number[], second: readonly number[], alpha: number): Shift {
  const differences = second.flatMap((y) => first.map((x) => y - x)).toSorted((a, b) => a - b);
  const left = pairsLeftOut(first.length, second.length, alpha);
  const estimate = median(differences);
  if (left === undefined) return { estimate };
  const low = differences[left];
  const high = differences[differences.length - 1 - left];
  return low === undefined || high === undefined ? { estimate } : { estimate, interval: { low, high } };
}
