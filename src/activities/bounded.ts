import { ApplicationFailure, Context } from '@temporalio/activity';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { BEAT_PERIOD_MS } from '../core/plan/limits.ts';
import { haltSignal } from './halt.ts';
import { isSuperseded, supersededFailure, throwIfSuperseded } from './attempt.ts';

/** Limits of one external call or one loop of them, integer milliseconds. */
export interface StepBudget {
  /** The whole step. */
  readonly budgetMs: number;
  /** The longest time without progress; by default the whole budget. A loop that reports progress sets it much lower. */
  readonly stallMs?: number;
}

/** Reports progress: live numbers for the user. */
export type Progress = (live: LiveDetails) => void;

/**
 * Heartbeat details: live numbers for the user, of a size that does not grow with the campaign. The host's disk has the checkpoint
 * for the next attempt.
 */
export interface LiveDetails {
  /** One line, e.g. "312 of 400 Pods bound". */
  readonly live: string;
  /** 0..1 where known. */
  readonly fraction?: number;
  readonly [detail: string]: unknown;
}

/**
 * Runs one external call, or a loop of calls, under a budget. It aborts at the budget, sends heartbeats only while the step makes
 * progress, and responds to cancellation. Nothing else in Belay sends heartbeats: an independent heartbeat hides a hang.
 *
 * @param call gets the signal to pass on, and a function that reports progress
 * @throws ApplicationFailure `StepBudgetExceeded` at the budget, `StepStalled` without progress for `stallMs`, both retryable
 * @throws CancelledFailure when the activity is cancelled, or a later attempt of it has begun on this host
 * @throws the failure with which the activity has to stop, see `watchForHalt`
 */
export async function bounded<T>(
  step: string,
  budget: StepBudget,
  call: (signal: AbortSignal, progress: Progress) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  context.cancellationSignal.throwIfAborted();
  throwIfSuperseded(context);
  const halt = haltSignal();
  halt?.throwIfAborted();
  const { budgetMs, stallMs = budgetMs } = budget;
  // Not the time of day: a clock that is set must not end a step, nor keep one that hangs.
  const startedAtMs = performance.now();
  let progressAtMs = startedAtMs;
  let details: LiveDetails = { live: step };
  let over = false;

  const limit = new AbortController();
  const outer = [context.cancellationSignal, ...(halt === undefined ? [] : [halt])];
  const signal = AbortSignal.any([...outer, limit.signal]);
  const send = (): void => {
    context.heartbeat({ ...details, step, elapsedMs: Math.round(performance.now() - startedAtMs), budgetMs });
  };
  const beat = (): void => {
    if (isSuperseded(context)) limit.abort(supersededFailure());
    else if (performance.now() - startedAtMs > budgetMs) limit.abort(exceeded(step, budgetMs));
    else if (performance.now() - progressAtMs > stallMs) limit.abort(stalled(step, stallMs, details.live));
    else send();
  };
  const progress: Progress = (live) => {
    // An aborted call may still report progress. It does not count.
    if (over || signal.aborted) return;
    progressAtMs = performance.now();
    details = live;
    send();
  };

  beat();
  const timers = [
    setInterval(beat, BEAT_PERIOD_MS),
    // The beat is coarse. A budget that is shorter than the beat ends on time as well.
    setTimeout(() => limit.abort(exceeded(step, budgetMs)), budgetMs),
  ];
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([call(signal, progress), aborted.promise]);
  } catch (error) {
    // A step that was aborted may fail with another error. The reason of the abort is the better message.
    if (context.cancellationSignal.aborted) throw context.cancellationSignal.reason;
    if (halt?.aborted === true) throw halt.reason;
    if (limit.signal.aborted) throw limit.signal.reason;
    throw error;
  } finally {
    over = true;
    // A long activity has thousands of steps. None of them may leave a listener or a timer.
    signal.removeEventListener('abort', onAbort);
    for (const timer of timers) clearTimeout(timer);
  }
}

/**
 * The checkpoint in the last heartbeat of the previous attempt; undefined for a first attempt. Workers of earlier versions sent it
 * with every heartbeat.
 */
export function lastCheckpoint(): unknown {
  const details: unknown = Context.current().info.heartbeatDetails;
  return typeof details === 'object' && details !== null && 'checkpoint' in details ? details.checkpoint : undefined;
}

function exceeded(step: string, budgetMs: number): ApplicationFailure {
  return ApplicationFailure.retryable(
    `${step} did not end within its budget of ${budgetMs} ms`,
    FAILURE_TYPES.budgetExceeded,
    {
      step,
      budgetMs,
    },
  );
}

function stalled(step: string, stallMs: number, live: string): ApplicationFailure {
  return ApplicationFailure.retryable(
    `${step} made no progress for ${stallMs} ms (last: ${live})`,
    FAILURE_TYPES.stalled,
    {
      step,
      stallMs,
    },
  );
}
