/** A number as people read it: four digits that matter, thousands grouped. */
export function numberText(value: number): string {
  if (value !== 0 && (Math.abs(value) >= 1e9 || Math.abs(value) < 1e-4)) return value.toExponential(2);
  const rounded = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 6 });
}

/** A number with its unit, where it has one that says something. */
export function quantityText(value: number, unit: string): string {
  return isPure(unit) ? numberText(value) : `${numberText(value)} ${unit}`;
}

/** Whether a value of this unit is a pure number. */
export function isPure(unit: string): boolean {
  return unit === '' || unit === 'ratio';
}

/** A duration: 0.4 s, 12 s, 2 min 30 s, 1 h 5 min. */
export function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

/** A moment relative to the beginning of a chart: 1:05, 1:02:03. */
export function clockText(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** A moment in UTC, to the second. */
export function momentText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A share in per cent, whole from 10 % on. */
export function percentText(share: number): string {
  const percent = Math.abs(share) * 100;
  return `${percent >= 10 ? Math.round(percent) : Number(percent.toPrecision(2))} %`;
}
