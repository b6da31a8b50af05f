import { CancelledFailure, Context } from '@temporalio/activity';
import { isSuperseded } from './attempt.ts';

/**
 * Why Temporal cancelled an activity.
 * - `requested`: the campaign was cancelled. No attempt follows.
 * - `worker-shutdown`: this worker stops. The next attempt continues on another worker.
 * - `timed-out`: Temporal gave this attempt up, e.g. after missing heartbeats. Another attempt may already run.
 * - `paused`, `reset`: an operator paused or reset the activity. It continues later.
 * - `not-found`: the server no longer knows the activity.
 * - `unknown`: the SDK gave no details. It does so when it cancels activities at the end of a shutdown.
 */
export type CancelCause = 'requested' | 'worker-shutdown' | 'timed-out' | 'paused' | 'reset' | 'not-found' | 'unknown';

/** Whether `error` ends an activity that was cancelled, for whatever cause. Such an error is always passed on. */
export function isCancelled(error: unknown): error is CancelledFailure {
  return error instanceof CancelledFailure;
}

/** Why the running activity was cancelled, from Temporal's cancellation details; undefined if it was not. */
export function whyCancelled(): CancelCause | undefined {
  const { cancellationSignal, cancellationDetails: details } = Context.current();
  if (!cancellationSignal.aborted) return undefined;
  // Several details may be set. A request outlives every other cause.
  if (details?.cancelRequested === true) return 'requested';
  if (details?.workerShutdown === true) return 'worker-shutdown';
  if (details?.reset === true) return 'reset';
  if (details?.paused === true) return 'paused';
  if (details?.timedOut === true) return 'timed-out';
  return details?.notFound === true ? 'not-found' : 'unknown';
}

/**
 * Whether another attempt continues the work of the running activity: it was cancelled, or the other one has begun. After a request
 * none does.
 */
export function continuesElsewhere(): boolean {
  const cause = whyCancelled();
  return cause === undefined ? isSuperseded() : cause !== 'requested';
}
