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
  /** A cluster is in use by another campaign. Nothing was created in it, and a hold would wait for nothing. */
  targetInUse: 'TargetInUse',
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
