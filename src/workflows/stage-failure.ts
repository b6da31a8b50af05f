import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { FailureKind, StageFailure } from '../core/campaign/machine.ts';
import { formatDuration } from '../core/text/duration.ts';
import { bytesOf } from '../core/text/markdown.ts';
import { messageOf } from '../core/text/message-of.ts';

/** What an activity's failure means to the campaign, and the checkpoint that came with it. */
export interface ReadFailure {
  readonly failure: StageFailure;
  /** One of `FAILURE_TYPES`. A failure of any other type is a fault of the harness. */
  readonly type: string;
  readonly checkpoint: unknown;
}

/** The queue that an activity was scheduled on, and how long it may wait there. */
export interface QueueWait {
  readonly taskQueue: string;
  readonly queueWaitMs: number;
}

/**
 * Reads the failure of an activity: a breach, a system that did not reach the stage's goal, or Belay's own fault. The last
 * heartbeat comes with a time-out; activities of the first version also sent their checkpoint with every failure. The next
 * execution uses such a checkpoint only if its host has none on disk.
 *
 * @param what the activity, for messages, e.g. `seed`
 */
export function readFailure(what: string, error: unknown, queue?: QueueWait): ReadFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const details = cause.details?.[0];
    return {
      failure: {
        kind: kindOf(cause.type),
        message: cause.message,
        ...(hasText(details, 'gate') ? { gate: details.gate } : {}),
        ...(FINAL.includes(cause.type) || isFinal(details) ? { final: true } : {}),
      },
      type: KNOWN_TYPES.find((known) => known === cause.type) ?? FAILURE_TYPES.harnessFault,
      checkpoint: checkpointIn(details),
    };
  }
  if (cause instanceof TimeoutFailure) {
    return {
      failure: { kind: 'harness', message: timeoutMessage(what, cause.timeoutType, queue) },
      type: FAILURE_TYPES.harnessFault,
      checkpoint: checkpointIn(cause.lastHeartbeatDetails),
    };
  }
  return {
    failure: { kind: 'harness', message: messageOf(cause) },
    type: FAILURE_TYPES.harnessFault,
    checkpoint: undefined,
  };
}

const FINAL: readonly unknown[] = [FAILURE_TYPES.diskFull, FAILURE_TYPES.targetInUse];

const KNOWN_TYPES: readonly string[] = Object.values(FAILURE_TYPES);

/** A larger checkpoint does not fit into the history a second time; the host's disk has it. */
const MAX_CHECKPOINT_BYTES = 16_384;

function kindOf(type: string | undefined | null): FailureKind {
  if (type === FAILURE_TYPES.gateBreach) return 'breach';
  if (type === FAILURE_TYPES.targetRefuses) return 'target';
  return type === FAILURE_TYPES.systemNotThere ? 'system' : 'harness';
}

function timeoutMessage(what: string, timeoutType: TimeoutFailure['timeoutType'], queue?: QueueWait): string {
  switch (timeoutType) {
    case 'HEARTBEAT':
      return `the worker that ran ${what} sent no heartbeat any more, and no attempt was left`;
    case 'SCHEDULE_TO_START':
      return queue === undefined
        ? `no worker took up ${what}; is one running?`
        : `no worker on task queue ${queue.taskQueue} took up ${what} within ${formatDuration(queue.queueWaitMs)}; ` +
            `is one running? "./belay worker" on the campaign's host starts one`;
    default:
      return `${what} did not end within its deadline (${timeoutType})`;
  }
}

function checkpointIn(details: unknown): unknown {
  if (typeof details !== 'object' || details === null || !('checkpoint' in details)) return undefined;
  return bytesOf(JSON.stringify(details.checkpoint) ?? '') > MAX_CHECKPOINT_BYTES ? undefined : details.checkpoint;
}

function isFinal(details: unknown): boolean {
  return typeof details === 'object' && details !== null && 'final' in details && details.final === true;
}

function hasText<K extends string>(value: unknown, key: K): value is Record<K, string> {
  return (
    typeof value === 'object' &&
    value !== null &&
    key in value &&
    typeof (value as Record<K, unknown>)[key] === 'string'
  );
}
