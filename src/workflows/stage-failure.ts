import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { FailureKind, StageFailure } from '../core/campaign/machine.ts';
import type { Stage } from '../core/model/stages.ts';

/** What an activity's failure means to the campaign, and the checkpoint it left behind. */
export interface ReadFailure {
  readonly failure: StageFailure;
  /** One of `FAILURE_TYPES`; whatever no activity foresaw is a fault of the harness. */
  readonly type: string;
  readonly checkpoint: unknown;
}

/**
 * Reads a failed activity: a breach, a system that did not get there, or Belay's own fault. The checkpoint is taken from
 * the failure's details or, after a time-out, from the last heartbeat: heartbeats do not cross executions by themselves.
 */
export function readFailure(stage: Stage, error: unknown): ReadFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const details = cause.details?.[0];
    return {
      failure: {
        kind: kindOf(cause.type),
        message: cause.message,
        ...(hasText(details, 'gate') ? { gate: details.gate } : {}),
      },
      type: KNOWN_TYPES.find((known) => known === cause.type) ?? FAILURE_TYPES.harnessFault,
      checkpoint: checkpointIn(details),
    };
  }
  if (cause instanceof TimeoutFailure) {
    return {
      failure: { kind: 'harness', message: timeoutMessage(stage, cause.timeoutType) },
      type: FAILURE_TYPES.harnessFault,
      checkpoint: checkpointIn(cause.lastHeartbeatDetails),
    };
  }
  return {
    failure: { kind: 'harness', message: cause instanceof Error ? cause.message : String(cause) },
    type: FAILURE_TYPES.harnessFault,
    checkpoint: undefined,
  };
}

const KNOWN_TYPES: readonly string[] = Object.values(FAILURE_TYPES);

function kindOf(type: string | undefined | null): FailureKind {
  if (type === FAILURE_TYPES.gateBreach) return 'breach';
  return type === FAILURE_TYPES.systemNotThere ? 'system' : 'harness';
}

function timeoutMessage(stage: Stage, timeoutType: TimeoutFailure['timeoutType']): string {
  switch (timeoutType) {
    case 'HEARTBEAT':
      return `the worker that ran ${stage} went silent, and no attempt was left`;
    case 'SCHEDULE_TO_START':
      return `no worker took up ${stage}; is one running on the campaign's host queue?`;
    default:
      return `${stage} did not end within its deadline (${timeoutType})`;
  }
}

function checkpointIn(details: unknown): unknown {
  return typeof details === 'object' && details !== null && 'checkpoint' in details ? details.checkpoint : undefined;
}

function hasText<K extends string>(value: unknown, key: K): value is Record<K, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    key in value &&
    typeof (value as Record<K, unknown>)[key] === 'string'
  );
}
