import { CancelledFailure, Context } from '@temporalio/activity';
import { claimAttempt, type AttemptClaim } from '../adapters/host/attempt-claims.ts';

const claims = new WeakMap<Context, AttemptClaim>();

/**
 * Claims the running activity for its attempt.
 * @returns whether a later attempt has taken over since: then this one must change nothing any more
 * @throws CancelledFailure when a later attempt has begun already
 */
export function claimActivity(slug: string): () => boolean {
  const context = Context.current();
  const { activityType, currentAttemptScheduledTimestampMs } = context.info;
  claims.set(context, claimAttempt(slug, activityType, currentAttemptScheduledTimestampMs));
  throwIfSuperseded(context);
  return () => isSuperseded(context);
}

/** Whether a later attempt of an activity has begun on this host: Temporal gave this one up. False for one without a claim. */
export function isSuperseded(context = Context.current()): boolean {
  return claims.get(context)?.isCurrent() === false;
}

/** How a superseded attempt ends. Temporal does not wait for it. */
export function supersededFailure(): CancelledFailure {
  return new CancelledFailure('a later attempt has taken over');
}

/** @throws CancelledFailure when a later attempt of the activity has begun on this host */
export function throwIfSuperseded(context?: Context): void {
  if (isSuperseded(context)) throw supersededFailure();
}
