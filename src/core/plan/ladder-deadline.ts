import {
  ATTEMPTS,
  BACKOFF_MS,
  HEARTBEAT_MS,
  MIN_ATTEMPT_MS,
  QUEUE_WAIT_MS,
  backoffTotalMs,
  type StageDeadline,
} from './deadlines.ts';

/** Limits of the one activity that a ladder runs itself: writing a small file on the host that resolved it. */
export const LADDER_SUMMARY_DEADLINE: StageDeadline = {
  attemptMs: MIN_ATTEMPT_MS,
  attempts: ATTEMPTS,
  stageMs: ATTEMPTS * (MIN_ATTEMPT_MS + QUEUE_WAIT_MS) + backoffTotalMs(),
  heartbeatMs: HEARTBEAT_MS,
  queueWaitMs: QUEUE_WAIT_MS,
  backoffMs: BACKOFF_MS,
  derivation: [{ what: 'write ladder.json', count: 1, eachMs: MIN_ATTEMPT_MS }],
};
