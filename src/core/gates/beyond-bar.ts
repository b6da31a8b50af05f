/**
 * The one comparison of a value with a side of its bar. Prometheus and Belay calculate in doubles, where `0.1 + 0.2` is more than
 * `0.3`: a value that differs from its bar by rounding only is on its bar, and passes.
 *
 * Rounding is what differs by up to eight times the distance of a double from the next one: 1.8e-15 of the bar, which a text of 14
 * digits does not show. A bar of 0 has no such share: what is nearer to it than 1e-12 is on it, as the rest of a difference of sums is.
 * Numbers without a fraction are counts, and are compared exactly.
 */
const ROUNDING = 8 * Number.EPSILON;
/** As far as rounding reaches from 0. No count, share or time of a campaign is between this and 0. */
const ROUNDING_OF_ZERO = 1e-12;

/** How far a value is from a side of its bar: above 0 beyond a maximum, below 0 beyond a minimum, 0 on it. */
export function distanceFrom(side: number, value: number): number {
  return isOn(side, value) ? 0 : value - side;
}

/** Whether a value is above a maximum, by more than rounding. No maximum: never. */
export function isOver(value: number, max: number | undefined): boolean {
  return max !== undefined && distanceFrom(max, value) > 0;
}

/** Whether a value is below a minimum, by more than rounding. No minimum: never. */
export function isUnder(value: number, min: number | undefined): boolean {
  return min !== undefined && distanceFrom(min, value) < 0;
}

/** Whether a value is at most a maximum, or above it by rounding. NaN is not. No maximum: always. */
export function isAtMost(value: number, max: number | undefined): boolean {
  return max === undefined || distanceFrom(max, value) <= 0;
}

/** Whether a value is at least a minimum, or below it by rounding. NaN is not. No minimum: always. */
export function isAtLeast(value: number, min: number | undefined): boolean {
  return min === undefined || distanceFrom(min, value) >= 0;
}

/** Whether a value misses one of the sides of a bar. */
export function misses(value: number, { min, max }: { readonly min?: number; readonly max?: number }): boolean {
  return isOver(value, max) || isUnder(value, min);
}

/** A number above another by more than rounding: a bucket does not include its lower bound. */
export function justAbove(value: number): number {
  return value + 4 * ROUNDING * Math.abs(value);
}

function isOn(side: number, value: number): boolean {
  if (value === side) return true;
  if (!Number.isFinite(value) || !Number.isFinite(side)) return false;
  if (Number.isInteger(value) && Number.isInteger(side)) return false;
  return Math.abs(value - side) <= (side === 0 ? ROUNDING_OF_ZERO : ROUNDING * Math.abs(side));
}
