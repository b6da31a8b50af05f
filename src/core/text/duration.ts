/** What a duration in a file may look like, for messages. */
export const DURATION_ALLOWED = 'a duration with its unit, such as 500ms, 90s, 10m or 1h45m';

/** What a duration of at least `minMs` may look like. */
export function durationAllowed(minMs: number): string {
  return minMs === 0 ? DURATION_ALLOWED : `${DURATION_ALLOWED}, at least ${formatDuration(minMs)}`;
}

/** The same as a regular expression, for editors. */
export const DURATION_PATTERN = /^(?:\d+(?:\.\d*)?|\.\d+)(?:ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ms|s|m|h))*$/;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A year: longer than any campaign, and far from where integers end. */
export const MAX_DURATION_MS = 366 * 24 * UNIT_MS['h']!;

/**
 * Reads a Go duration string (`1h45m`, `90s`, `500ms`) as integer milliseconds. Undefined for anything else: no unit,
 * a sign, parts of a millisecond, more than a year.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > 64 || !DURATION_PATTERN.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(ms|s|m|h)/g))
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? NaN);
  const rounded = Math.round(total);
  // 1.1s is 1100.0000000000002 ms in floating point; a real fraction of a millisecond is further off than that.
  if (Math.abs(total - rounded) > 1e-6 || rounded > MAX_DURATION_MS) return undefined;
  return rounded;
}

/** Says what keeps a text from being a duration of at least `minMs`, as a phrase. */
export function explainDuration(value: unknown, minMs = 0): string {
  if (typeof value === 'number') return 'a duration needs its unit';
  if (typeof value !== 'string') return 'not a duration';
  if ((parseDuration(value) ?? minMs) < minMs) return 'too short';
  if (/^[\d.]+$/.test(value)) return 'a duration needs its unit';
  if (value.startsWith('-')) return 'a duration cannot be negative';
  if (/\d\s+[a-z]/i.test(value)) return 'a duration has no space in it';
  if (/^[\d.]+d/.test(value)) return 'there is no unit for days, use hours';
  if (DURATION_PATTERN.test(value))
    return /[\d.]+ms/.test(value) && value.includes('.') ? 'finer than a millisecond' : 'longer than a year';
  return 'not a duration';
}

/** Writes milliseconds as a Go duration, the way a file has it: `1h45m`, `90s` as `1m30s`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const unit of ['h', 'm', 's', 'ms'] as const) {
    const size = UNIT_MS[unit] ?? 1;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
