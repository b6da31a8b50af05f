import { instant, type Asking } from './asking.ts';
import type { Refusal } from './refusal.ts';

/**
 * The one number of an expression, or why there is none.
 *
 * @param absentIs the number where the expression has no series; undefined = none
 * @throws Unanswered
 */
export function* singleValue(query: string, atMs: number, absentIs?: number): Asking<number | Refusal> {
  const series = yield* instant(query, atMs);
  const [first, ...others] = series;
  if (first === undefined) return absentIs ?? { reason: 'empty', detail: `empty result of ${query}` };
  if (others.length > 0) {
    return { reason: 'query-error', detail: `${series.length} series where one is wanted, aggregate them: ${query}` };
  }
  if (Number.isNaN(first.value)) return { reason: 'nan', detail: `NaN from ${query}` };
  if (!Number.isFinite(first.value)) return { reason: 'infinite', detail: `${first.value} from ${query}` };
  return first.value;
}
