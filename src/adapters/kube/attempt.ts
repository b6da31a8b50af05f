import { API_FIRST_BACKOFF_MS, API_LONGEST_BACKOFF_MS } from '../../core/plan/limits.ts';
import type { ApiAnswer, ApiRequest, Within } from './api-request.ts';
import { KubeError, statusOf, TargetRefusal } from './kube-error.ts';
import { refusalCause, type RefusalCause } from './refusal-cause.ts';

/** Answers that say "not now" rather than "no". */
export const RETRIED: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** What came of one attempt: an answer of any status, or an error where none came. */
export type Attempt = (Omit<ApiAnswer, 'attempts'> & { readonly retryAfter?: string }) | KubeError;

/** The pause before the next attempt, ms: what the server asks for (`Retry-After`, in seconds), or one that doubles. */
export function pauseAfter(answer: Attempt, attempts: number): number {
  if (!(answer instanceof KubeError) && answer.retryAfter !== undefined) {
    const seconds = Number(answer.retryAfter);
    if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1_000;
  }
  return Math.min(API_FIRST_BACKOFF_MS * 2 ** (attempts - 1), API_LONGEST_BACKOFF_MS);
}

/** The error of a request whose attempts have used up its budget; a `TargetRefusal` where the cluster refused the last one. */
export function overBudget(
  { method, path }: ApiRequest,
  { budgetMs }: Within,
  attempts: number,
  last: Attempt,
): KubeError {
  const times = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
  const Kind = refusedBy(last) === undefined ? KubeError : TargetRefusal;
  return new Kind(
    `${method} ${path}: no success within ${Math.round(budgetMs)} ms, ${times}; last: ${inWords(last)}`,
    last instanceof KubeError ? 0 : last.status,
    '',
    last instanceof KubeError ? last : undefined,
  );
}

/** An attempt in the words of an error. */
export function inWords(attempt: Attempt): string {
  if (attempt instanceof KubeError) return attempt.message;
  const cause = refusedBy(attempt);
  return `${attempt.status} ${cause === undefined ? attempt.body.slice(0, 200) : `the cluster refuses it: ${cause.text}`}`;
}

/** Who in the cluster refused a request, if that is what the answer says. */
export function refusedBy(attempt: Attempt): RefusalCause | undefined {
  return attempt instanceof KubeError ? undefined : refusalCause(attempt.status, statusOf(attempt.body).message);
}

/**
 * The status that an answer counts as. A creation that loses the race for a quota's numbers gets 409 Conflict, which is "not now":
 * nothing is wrong with the object.
 */
export function countedStatus({ method }: ApiRequest, attempt: Attempt): number {
  if (attempt instanceof KubeError || attempt.status !== 409 || method !== 'POST') return attempt.status;
  return statusOf(attempt.body).reason === 'Conflict' ? 429 : 409;
}
