/** Finest unit that is looked for. Values with more decimals are taken for continuous. */
const FINEST = 1e-6;

/** How close to a multiple a value must be, as a share of the unit. */
const CLOSE = 1e-6;

/**
 * How finely values are written: the largest power of ten, at most 1, of which all are multiples. 0 for continuous values.
 * Counts have 1, seconds with one decimal 0.1.
 */
export function resolution(values: readonly number[]): number {
  for (let unit = 1; unit >= FINEST; unit /= 10) if (values.every((value) => isMultiple(value, unit))) return unit;
  return 0;
}

function isMultiple(value: number, unit: number): boolean {
  const times = Math.round(value / unit);
  return value === 0 || (times !== 0 && Math.abs(value / unit - times) < CLOSE);
}
