/**
 * The candidate nearest to what was written, or undefined where none is near: at most a third of the letters may differ,
 * counted as insertions, deletions, replacements and swaps of neighbours (optimal string alignment). Case does not count.
 * Ties go to the first candidate.
 */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  if (written.length > MAX_LENGTH) return undefined;
  const from = written.toLowerCase();
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    if (candidate.length > MAX_LENGTH || candidate === written) continue;
    const to = candidate.toLowerCase();
    const limit = Math.max(1, Math.floor(Math.max(from.length, to.length) / 3));
    const distance = shortened(from, to) ? 1 : editDistance(from, to);
    if (distance <= limit && distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

const MAX_LENGTH = 80;

/** `soak` for `soakSeconds`: people drop the unit of a name. */
function shortened(from: string, to: string): boolean {
  return from.length >= 4 && to.startsWith(from);
}

function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(value);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
