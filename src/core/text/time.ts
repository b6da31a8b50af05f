/** A moment to the second, e.g. `2026-11-24 08:17:18 UTC`. */
export function momentText(atMs: number): string {
  return `${secondOf(atMs).replace('T', ' ')} UTC`;
}

/** The day in UTC, e.g. `2026-11-24`. */
export function dayText(atMs: number): string {
  return secondOf(atMs).split('T', 1)[0] ?? '';
}

/** The time of day in UTC, e.g. `08:17:18`. */
export function timeOfDayText(atMs: number): string {
  return secondOf(atMs).split('T')[1] ?? '';
}

/** A moment to the second in UTC as ISO 8601 has it, without its zone. Years after 9999 and before 0 have a sign and six digits. */
export function secondOf(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, '');
}

/** A length of time for people: `0.4 s`, `12 s`, `2 min 30 s`, `1 h 5 min`; `-2 min` where a clock was set back meanwhile. */
export function lengthText(ms: number): string {
  if (ms <= -50) return `-${lengthText(-ms)}`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

/** Time since the start of a chart: `1:05`, `1:02:03`. */
export function elapsedText(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
