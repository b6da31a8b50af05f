import { probit } from 'simple-statistics';

/**
 * Up to so many pairs, or with so few values on one side, the distribution is counted. Above, the normal approximation differs by
 * a pair or two of thousands.
 */
const EXACT_PAIRS = 1_500;
const FEW = 3;

/** Few sizes are asked for, each of them often. */
const KNOWN = new Map<string, number | undefined>();

/**
 * The numbers of orders of `m` and `n` values in which U, the number of pairs whose second value is larger, is 0, 1, 2 … m·n.
 * Mann and Whitney 1947, by their recurrence.
 */
export function orderCounts(m: number, n: number): readonly number[] {
  // Orders of i and j values: either the last one is of the second sample, and is above all i others, or it is of the first.
  let row: number[][] = Array.from({ length: n + 1 }, () => [1]);
  for (let i = 1; i <= m; i++) {
    const next: number[][] = [[1]];
    for (let j = 1; j <= n; j++) {
      const without = next[j - 1] ?? [];
      const above = row[j] ?? [];
      next.push(Array.from({ length: i * j + 1 }, (_, u) => (u >= i ? (without[u - i] ?? 0) : 0) + (above[u] ?? 0)));
    }
    row = next;
  }
  return row[n] ?? [1];
}

/**
 * The largest number of pairs that can be left out on each side so that, where both samples are alike, U is outside with at most
 * `alpha` altogether. Undefined where even the most extreme order is more likely than that.
 */
export function pairsLeftOut(m: number, n: number, alpha: number): number | undefined {
  const key = `${m} ${n} ${alpha}`;
  if (!KNOWN.has(key)) KNOWN.set(key, computed(m, n, alpha));
  return KNOWN.get(key);
}

function computed(m: number, n: number, alpha: number): number | undefined {
  if (m * n > EXACT_PAIRS && Math.min(m, n) > FEW) {
    const spread = Math.sqrt((m * n * (m + n + 1)) / 12);
    return Math.max(0, Math.floor((m * n) / 2 + probit(alpha / 2) * spread - 0.5));
  }
  const counts = orderCounts(m, n);
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  let left: number | undefined;
  for (const [u, count] of counts.entries()) {
    below += count;
    if (below / total > alpha / 2) break;
    left = u;
  }
  return left;
}
