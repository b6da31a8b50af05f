/**
 * `a / b` rounded up, without the error that a float division would bring.
 * @throws RangeError when `b` is not above 0
 */
export function ceilDiv(a: number, b: number): number {
  if (!(b > 0)) throw new RangeError(`ceilDiv: divisor ${b}; allowed: above 0`);
  return Math.floor(a / b) + (a % b > 0 ? 1 : 0);
}

/**
 * Splits `total` into whole parts in proportion to `shares`, by largest remainder: the parts sum to `total` exactly. Equal
 * remainders go to the earlier share; shares that sum to 0 give zeros.
 */
export function largestRemainder(total: number, shares: readonly number[]): readonly number[] {
  const sum = shares.reduce((all, share) => all + share, 0);
  if (total <= 0 || sum <= 0) return shares.map(() => 0);
  const exact = shares.map((share) => (total * share) / sum);
  const parts = exact.map(Math.floor);
  const left = total - parts.reduce((all, part) => all + part, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}

/**
 * Part `index` of `total`, split over `count` parts as evenly as whole numbers allow. The first parts are the larger ones; all
 * parts sum to `total`. An index outside of the parts gives 0.
 */
export function evenPart(total: number, count: number, index: number): number {
  if (index < 0 || index >= count) return 0;
  const least = Math.floor(total / count);
  return least + (index < total - least * count ? 1 : 0);
}
