import type { StageDeadline } from './deadline-model.ts';
import { deadlineOf } from './deadlines.ts';
import { HOST_SWEPT_MS, HOSTS_FOUND_MS, SWEEP_QUEUE_WAIT_MS } from './limits.ts';

/** Limits of the activities of a janitor: finding the hosts, and sweeping one of them. */
export const HOSTS_FOUND_DEADLINE: StageDeadline = {
  ...deadlineOf([{ id: 'hostsFound', what: 'hosts found', count: 1, eachMs: HOSTS_FOUND_MS }]),
  attempts: 1,
};
export const HOST_SWEEP_DEADLINE: StageDeadline = {
  ...deadlineOf([{ id: 'hostSwept', what: 'host swept', count: 1, eachMs: HOST_SWEPT_MS }]),
  queueWaitMs: SWEEP_QUEUE_WAIT_MS,
  // The next sweep tries again.
  attempts: 1,
};
