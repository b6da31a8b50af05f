const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** Writes a duration in ms the way a profile would: `6m10s`, `90m` as `1h30m`, `0s`; fractions of a ms are rounded up. */
export function durationText(ms: number): string {
  if (ms < 0) return `-${durationText(-ms)}`;
  let rest = Math.ceil(ms);
  let text = '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text === '' ? '0s' : text;
}
