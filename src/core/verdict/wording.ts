import type { HealedExecution } from '../campaign/ending.ts';
import type { StageOutcome } from '../campaign/machine.ts';
import type { EvidencePart } from '../campaign/stage-io.ts';
import type { SummaryAction } from './summary-model.ts';

/** The sentences of a verdict. Summary, report, JUnit, terminal and Temporal UI use these and no others. */

/** A runner action that was not done, whose effect was not seen, or whose undoing was not seen. */
export function failedActionSentence({ action, atSeconds, fireError, assertError }: SummaryAction): string {
  const why = fireError === '' ? `failed: ${assertError || 'its effect was not seen'}` : `was not done: ${fireError}`;
  return `action ${action} at ${atSeconds} s ${why}`;
}

/** A part of the evidence that is missing. */
export function missingEvidenceSentence({ what, error }: EvidencePart): string {
  return `evidence is missing: ${what}${error === undefined ? '' : ` (${error})`}`;
}

/** An execution of a stage that lowers the verdict. */
export function stageSentence({ stage, execution, outcome, failure }: StageOutcome): string {
  return `stage ${stage} ${outcome} (execution ${execution})${failure === undefined ? '' : `: ${failure.message}`}`;
}

/** A failed execution of a stage, with the later execution that succeeded if there is one. */
export function failedExecutionSentence(failed: {
  readonly stage: string;
  readonly execution: number;
  readonly message: string;
  /** The later execution that succeeded. */
  readonly healedBy?: number;
}): string {
  const healed = failed.healedBy === undefined ? '' : `passed on execution ${failed.healedBy}; `;
  return `${failed.stage} ${healed}execution ${failed.execution}: ${failed.message}`;
}

/** A failed execution that a later one healed. */
export function healedSentence({ failed, healedBy }: HealedExecution): string {
  return failedExecutionSentence({ ...failed, message: failed.failure?.message ?? 'failed', healedBy });
}

/** A gate that broke in an execution, with what a later execution of the stage read. */
export function breachSentence(breach: {
  readonly execution: number;
  readonly message: string;
  readonly later?: { readonly execution: number; readonly passed: boolean };
}): string {
  const { execution, message, later } = breach;
  const now = later === undefined ? '' : `${later.passed ? 'passed' : 'ended'} on execution ${later.execution}; `;
  return `${now}execution ${execution}: ${message}`;
}

/** Why a campaign without any measured gate is unmeasured. */
export const NOTHING_MEASURED = 'no gate with a bar was measured, so nothing judges this campaign';
