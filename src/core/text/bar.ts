import { quantityText } from './number.ts';

/** The two sides of a bar. */
interface Sides {
  readonly min?: number;
  readonly max?: number;
}

/** A bar in words, e.g. `at least 0.99, at most 5 s`; `none` for no bar. */
export function barWords({ min, max }: Sides, unit: string): string {
  return (
    joined(
      min === undefined ? '' : `at least ${quantityText(min, unit)}`,
      max === undefined ? '' : `at most ${quantityText(max, unit)}`,
    ) || 'none'
  );
}

/** A bar in symbols for tables, e.g. `≥ 0.99, ≤ 5 s`; `–` for no bar. */
export function barSymbols({ min, max }: Sides, unit: string): string {
  if (min !== undefined && min === max) return `= ${quantityText(min, unit)}`;
  return (
    joined(
      min === undefined ? '' : `≥ ${quantityText(min, unit)}`,
      max === undefined ? '' : `≤ ${quantityText(max, unit)}`,
    ) || '–'
  );
}

function joined(...sides: readonly string[]): string {
  return sides.filter((side) => side !== '').join(', ');
}
