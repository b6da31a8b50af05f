/**
 * Values of this size and more are not compared: their squares, as shares of the smallest values, would be larger than any number.
 * Nothing that a run measures is near it.
 */
export const LARGEST_COMPARED = 1e50;

/** Values nearer to 0 count as 0: their squares, as shares of the largest ones, would be 0. */
const SMALLEST_COMPARED = 1 / LARGEST_COMPARED;

/** A value as it is compared with those of other runs; undefined where it is none or too large. */
export function comparableValue(value: number | null | undefined): number | undefined {
  if (value === null || value === undefined || !(Math.abs(value) < LARGEST_COMPARED)) return undefined;
  return Math.abs(value) < SMALLEST_COMPARED ? 0 : value;
}
