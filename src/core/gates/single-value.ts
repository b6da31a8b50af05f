import type { Sample } from './answers.ts';
import { instant, type Asking } from './asking.ts';
import type { Refusal } from './refusal.ts';
import type { Subject } from './subject.ts';
import { withEmptyTotals } from '../promql/filled.ts';
import { selectorsOf } from '../promql/needs.ts';
import { tolerant } from '../promql/tolerant.ts';

/**
 * The one number of an expression, or why there is none. One missed scrape does not change it.
 *
 * @param absentIs the number where the expression has no series; undefined = none
 * @throws Unanswered
 */
export function* singleValue(
  query: string,
  { atMs, fresh }: Pick<Subject, 'atMs' | 'fresh'>,
  absentIs?: 0,
): Asking<number | Refusal> {
  const series = yield* instant(tolerant(query, fresh), atMs);
  if (series.length > 0) return oneNumber(series, query);
  if (absentIs === undefined) return { reason: 'empty', detail: `empty result of ${query}` };
  if (selectorsOf(query).length < 2) return absentIs;
  // Of several series some may be there: what they show must not be lost with those that are absent.
  const filled = withEmptyTotals(query);
  if (filled !== undefined) return oneNumber(yield* instant(tolerant(filled, fresh), atMs), query);
  const [present] = yield* instant(
    selectorsOf(query)
      .map(({ text }) => `group(${text})`)
      .join(' or '),
    atMs,
  );
  if (present === undefined) return absentIs;
  return {
    reason: 'empty',
    detail: `some series of ${query} are absent and others are not; put each into sum() of its own`,
  };
}

function oneNumber(series: readonly Sample[], query: string): number | Refusal {
  const [first, ...others] = series;
  if (first === undefined) return { reason: 'empty', detail: `empty result of ${query}` };
  if (others.length > 0) {
    return { reason: 'query-error', detail: `${series.length} series where one is wanted, aggregate them: ${query}` };
  }
  if (Number.isNaN(first.value)) return { reason: 'nan', detail: `NaN from ${query}` };
  if (!Number.isFinite(first.value)) return { reason: 'infinite', detail: `${first.value} from ${query}` };
  return first.value;
}
