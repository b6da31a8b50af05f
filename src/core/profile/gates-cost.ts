import { MAX_GATES_COST } from '../files/bounds.ts';
import type { Finding } from '../files/issues.ts';
import { valueAt } from '../files/issues.ts';
import { readingCost } from '../promql/reading-cost.ts';

/**
 * Gates whose queries would together take too long to read; undefined where they do not. It is asked before any of them is parsed: a
 * starter may send hundreds, and the worker that reads them serves nothing meanwhile.
 */
export function gatesTooCostly(raw: unknown): Finding | undefined {
  const cost = costOf(valueAt(raw, ['gates']));
  if (cost <= MAX_GATES_COST) return undefined;
  return {
    path: ['gates'],
    problem: 'the queries of all gates together take too long to read',
    found: String(cost),
    allowed: `at most ${MAX_GATES_COST}, the sum of the squares of each query's operators, functions and parentheses`,
  };
}

function costOf(value: unknown): number {
  if (typeof value === 'string') return readingCost(value);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((sum, each) => sum + costOf(each), 0);
}
