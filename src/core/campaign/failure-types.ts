/**
 * Types of failures that activities send to the workflow (`ApplicationFailure.type`). They are never renamed, because recorded
 * histories contain them.
 */
export const FAILURE_TYPES = {
  /** The workflow's input, a profile, or a changed bar is not valid. */
  invalidSpec: 'InvalidSpec',
  /** A fail-fast gate broke. */
  gateBreach: 'GateBreach',
  /** The system under test did not reach the stage's goal. */
  systemNotThere: 'SystemNotThere',
  /** An external call did not end within its budget. */
  budgetExceeded: 'StepBudgetExceeded',
  /** A step made no progress for too long. */
  stalled: 'StepStalled',
  /** A tool, a cluster or a service of the harness is missing or failed. */
  harnessFault: 'HarnessFault',
  /** A cluster is in use by another campaign: nothing was created in it, or it was lost with its lease. A hold would wait for nothing. */
  targetInUse: 'TargetInUse',
  /** The owner of a cluster refuses what a campaign needs: by rights, a quota, a policy or a webhook. */
  targetRefuses: 'TargetRefuses',
  /** A disk of the host is full, or cannot be written. Everything else that writes there fails too, and a hold would fill it further. */
  diskFull: 'DiskFull',
  /** The host that was asked does not take a group of clusters; another one may. */
  hostFull: 'HostFull',
} as const;

/** Failures that another attempt of the same activity cannot avoid. */
export const NON_RETRYABLE_FAILURES: readonly string[] = [
  FAILURE_TYPES.invalidSpec,
  FAILURE_TYPES.gateBreach,
  FAILURE_TYPES.systemNotThere,
  FAILURE_TYPES.targetInUse,
];
