import type { ActivityOptions } from '@temporalio/workflow';
import { NON_RETRYABLE_FAILURES } from '../core/campaign/failure-types.ts';
import type { StageLimits } from '../core/campaign/outline.ts';
import { isClosing, type Stage } from '../core/model/stages.ts';

/** What an activity may wait for besides what its limits say. */
interface Waits {
  /** How long it may wait on its queue for a worker. */
  readonly queueWaitMs?: number;
  /** All its attempts, if some of the time has passed already. */
  readonly stageMs?: number;
  /** A worker that sends no heartbeat any more ends the activity: the workflow is to know, and decides whether to try again. */
  readonly silenceEnds?: boolean;
}

/** Temporal's name for an activity without heartbeats, as a type of failure. */
const NO_HEARTBEAT = 'TemporalTimeout:Heartbeat';

/**
 * The options of a stage's activity: its derived limits and nothing else. A cancelled stage is awaited, because teardown must
 * not start while provision still creates.
 *
 * Temporal does not retry an activity whose schedule-to-start limit has expired: the stage fails, and the campaign holds. A
 * worker that is restarted within `queueWaitMs` takes the activity up, and nothing fails.
 */
export function activityOptions(
  limits: StageLimits,
  taskQueue: string,
  summary: string,
  { queueWaitMs = limits.queueWaitMs, stageMs = limits.stageMs, silenceEnds = false }: Waits = {},
): ActivityOptions {
  return {
    taskQueue,
    summary,
    startToCloseTimeout: limits.attemptMs,
    scheduleToStartTimeout: queueWaitMs,
    scheduleToCloseTimeout: stageMs,
    heartbeatTimeout: limits.heartbeatMs,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: {
      maximumAttempts: limits.attempts,
      initialInterval: limits.backoffMs,
      backoffCoefficient: 2,
      nonRetryableErrorTypes: [...NON_RETRYABLE_FAILURES, ...(silenceEnds ? [NO_HEARTBEAT] : [])],
    },
  };
}

/**
 * How long a stage waits for a worker, ms. A closing stage has no hold and no retry after it, so it uses at once what its limit
 * reserves for the queue waits of all attempts: without a worker nothing would be torn down.
 */
export function queueWaitOf(stage: Stage, { attempts, queueWaitMs }: StageLimits): number {
  return isClosing(stage) ? attempts * queueWaitMs : queueWaitMs;
}
