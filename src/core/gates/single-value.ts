import type { Answer, Sample } from './answers.ts';
import type { Refusal } from './refusal.ts';

/** The one number of an answer, or why there is none. */
export function singleValue(answer: Answer<Sample>, query: string): number | Refusal {
  if (!answer.ok) return { reason: 'query-error', detail: answer.error };
  const [first, ...others] = answer.series;
  if (first === undefined) return { reason: 'empty', detail: `empty result of ${query}` };
  if (others.length > 0) {
    const found = answer.series.length;
    return { reason: 'query-error', detail: `${found} series where one is wanted, aggregate them: ${query}` };
  }
  if (Number.isNaN(first.value)) return { reason: 'nan', detail: `NaN from ${query}` };
  if (!Number.isFinite(first.value)) return { reason: 'infinite', detail: `${first.value} from ${query}` };
  return first.value;
}
