const BARS = '▁▂▃▄▅▆▇█';

/** Differences below this share of the values look like none. */
const FLAT = 0.1;

/** Values as a line of bars, from the least to the largest of them; a value that is not known is a dot. */
export function sparkline(values: readonly (number | null)[]): string {
  // Halves, because the difference of two values may be larger than any number.
  const halves = values.map((value) => (value === null ? null : value / 2));
  const known = halves.filter((value) => value !== null);
  const least = Math.min(...known);
  const span = Math.max(Math.max(...known) - least, FLAT * Math.max(...known.map(Math.abs)));
  return halves
    .map((value) => {
      if (value === null) return '·';
      const step = span > 0 ? Math.floor(((value - least) / span) * BARS.length) : 0;
      return BARS[Math.min(step, BARS.length - 1)];
    })
    .join('');
}
