import type { ActivityOptions } from '@temporalio/workflow';
import { NON_RETRYABLE_FAILURES } from '../core/campaign/failure-types.ts';
import type { StageDeadline } from '../core/plan/deadlines.ts';

/**
 * A stage's activity options, made of its derived deadlines and nothing else. A cancelled stage is waited for: teardown
 * must not start while provision still creates.
 */
export function activityOptions(deadline: StageDeadline, taskQueue: string, summary: string): ActivityOptions {
  return {
    taskQueue,
    summary,
    startToCloseTimeout: deadline.attemptMs,
    scheduleToCloseTimeout: deadline.stageMs,
    heartbeatTimeout: deadline.heartbeatMs,
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: {
      maximumAttempts: deadline.attempts,
      initialInterval: deadline.backoffMs,
      backoffCoefficient: 2,
      nonRetryableErrorTypes: [...NON_RETRYABLE_FAILURES],
    },
  };
}
