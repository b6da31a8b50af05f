import { patched } from '@temporalio/workflow';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { readFailure, type QueueWait, type ReadFailure } from './stage-failure.ts';

/** Recorded campaigns ended with a harness fault instead. */
const IN_USE_IS_NO_FAULT = 'target-in-use-is-no-fault';

/**
 * Reads the failure of an activity. A cluster that another campaign has was refused to this one by its owner: nothing of Belay failed, so
 * the campaign is unmeasured, and no schedule pauses.
 */
export function readStageFailure(what: string, error: unknown, queue?: QueueWait): ReadFailure {
  const read = readFailure(what, error, queue);
  if (read.type !== FAILURE_TYPES.targetInUse || !patched(IN_USE_IS_NO_FAULT)) return read;
  return { ...read, failure: { ...read.failure, kind: 'target' } };
}
