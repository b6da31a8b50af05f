/**
 * Types of failures that cross the border between activities and the workflow (`ApplicationFailure.type`). Stable: a
 * recorded history is read with them.
 */
export const FAILURE_TYPES = {
  /** The workflow's input, a profile, or a changed bar is not valid. */
  invalidSpec: 'InvalidSpec',
  /** A fail-fast gate broke. */
  gateBreach: 'GateBreach',
  /** The system under test did not get where the stage wanted it. */
  systemNotThere: 'SystemNotThere',
  /** An external call did not end within its budget. */
  budgetExceeded: 'StepBudgetExceeded',
  /** A step went on but made no progress for too long. */
  stalled: 'StepStalled',
  /** A tool, a cluster or a service of the harness cannot be had. */
  harnessFault: 'HarnessFault',
} as const;

/** Failures for which another attempt of the same activity is no use. */
export const NON_RETRYABLE_FAILURES: readonly string[] = [
  FAILURE_TYPES.invalidSpec,
  FAILURE_TYPES.gateBreach,
  FAILURE_TYPES.systemNotThere,
];
