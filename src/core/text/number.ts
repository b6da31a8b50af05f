/** Made once: making one takes longer than a gate's judgement. */
const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 6 });

/** A number for people: four significant digits, thousands grouped, e.g. `0.4123`, `12,346`, `1.20e-7`. */
export function numberText(value: number): string {
  if (value !== 0 && (Math.abs(value) >= 1e9 || Math.abs(value) < 1e-4)) return value.toExponential(2);
  const rounded = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
  return GROUPED.format(rounded);
}

/** A number with its unit, e.g. `0.41 s`. A pure number has no unit. */
export function quantityText(value: number, unit: string): string {
  return isPure(unit) ? numberText(value) : `${numberText(value)} ${unit}`;
}

/** Whether values of this unit are pure numbers. */
export function isPure(unit: string): boolean {
  return unit === '' || unit === 'ratio';
}

/** Percentages from here on are written with an exponent. */
const MANY_DIGITS = 1e9;

/** A share as a percentage without its sign: 0.123 gives `12 %`. At 10 % or more it is a whole number. */
export function percentText(share: number): string {
  const percent = Math.abs(share) * 100;
  if (percent >= MANY_DIGITS) return `${percent.toExponential(2)} %`;
  return `${percent >= 10 ? Math.round(percent) : Number(percent.toPrecision(2))} %`;
}

/** The distance to a bar as a signed percentage of the bar: `20 %` are left, `-5 %` is over it. */
export function headroomText(headroom: number): string {
  return `${headroom < 0 ? '-' : ''}${percentText(headroom)}`;
}
