import type { SpentBudget } from '../campaign/budget.ts';
import type { HealedExecution } from '../campaign/ending.ts';
import type { StageOutcome } from '../campaign/machine.ts';
import type { EvidencePart } from '../campaign/stage-io.ts';
import type { GateResult } from '../gates/model.ts';
import { LATE_OPERATION_MS } from '../plan/limits.ts';
import { counted } from '../text/counted.ts';
import { percentText } from '../text/number.ts';
import { lengthText, momentText } from '../text/time.ts';
import type { CheckCounts } from './check-counts.ts';
import type { JudgedGate } from './judged-gate.ts';
import type { HostStageRecord, LatenessRecord, SummaryAction } from './summary-model.ts';

/** The sentences of a verdict. Summary, report, JUnit, terminal and Temporal UI use these and no others. */

/** A runner action that was not done, whose effect was not seen, or whose undoing was not seen. */
export function failedActionSentence({ action, atSeconds, fireError, assertError }: SummaryAction): string {
  const why = fireError === '' ? `failed: ${assertError || 'its effect was not seen'}` : `was not done: ${fireError}`;
  return `action ${action} at ${atSeconds} s ${why}`;
}

/** Why a campaign ended before its last stage. */
export function spentSentence({ reason, atMs }: SpentBudget): string {
  return `the campaign was ended at ${momentText(atMs)}: ${reason}`;
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

/** How many of the due checks of a gate were measured, and what kept the others from it. */
export function checksSentence({ due, measured, unmeasured, missed, cause }: CheckCounts): string {
  const without = [
    ...(unmeasured === 0 ? [] : [`${unmeasured} unmeasured`]),
    ...(missed === 0 ? [] : [`${missed} not made`]),
    ...(cause === undefined || unmeasured === 0 ? [] : [`most often: ${cause}`]),
  ];
  const why = without.length === 0 ? '' : ` (${without.join(', ')})`;
  return `${measured} of ${counted(due, 'due check')} in the soak measured${why}`;
}

/** A gate's message, with its checks if some of those that were due have no value, or were beyond the bar and ended nothing. */
export function gateSentence({ message, checks, reading }: JudgedGate): string {
  const isKnown = checks === undefined || checks.measured === checks.due || reading.reason === 'checks-missed';
  const beyond =
    checks?.beyond === undefined ? '' : `; beyond the bar at ${counted(checks.beyond, 'check')} of the soak`;
  return `${message}${isKnown ? '' : `; ${checksSentence(checks)}`}${beyond}`;
}

/** Which stage and execution a reading belongs to; empty for a summary that does not say it. */
export function originText({ stage, execution }: Pick<JudgedGate, 'stage' | 'execution'>): string {
  if (stage === undefined) return '';
  return execution === undefined ? stage : `${stage}, execution ${execution}`;
}

/** Why a soak whose load came too late says little about the system. */
export function lateLoadSentence({ operations, late, worstMs }: LatenessRecord): string {
  const share = percentText(late / operations);
  return (
    `the harness was late: ${late} of ${counted(operations, 'operation')} of the soak (${share}) were sent more than ` +
    `${lengthText(LATE_OPERATION_MS)} after their moment, the latest ${lengthText(worstMs)}; the load was not the one that was asked for`
  );
}

/** Why the readings of gates that count say less about the system. @param marked the results that are marked, at least one */
export function busyReadingsSentence(marked: readonly GateResult[], counting: number): string {
  const share = marked.reduce((most, { reading }) => Math.max(most, reading.hostBusy ?? 0), 0);
  return (
    `the host had no CPU left for up to ${percentText(share)} of the window of ${marked.length} of ` +
    `${counted(counting, 'gate')}; these readings are of the system and of the host`
  );
}

/** Why the failure of a stage may be that of the host. @param name of the host; empty where there is only one */
export function busyStageSentence(
  { stage, execution, busyShare, longestSaturatedSeconds }: HostStageRecord,
  name: string,
): string {
  return (
    `${name === '' ? 'the host' : `host ${name}`} had no CPU left for ${percentText(busyShare ?? 0)} of ${stage}, execution ${execution} ` +
    `(longest ${lengthText(longestSaturatedSeconds * 1_000)}); the system did not have the CPU that it needed`
  );
}

/** Why a campaign without any measured gate is unmeasured. */
export const NOTHING_MEASURED = 'no gate with a bar was measured, so nothing judges this campaign';
