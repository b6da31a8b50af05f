import { ApplicationFailure } from '@temporalio/activity';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { Played } from './scripted.ts';
import type { Run } from './temporal.ts';

/** Stages with their executions in the order in which their activities were called. */
export function order({ calls }: Played): readonly string[] {
  return calls.map(({ stage, execution }) => `${stage} ${execution}`);
}

/** The failure of a workflow that has to fail. */
export async function failureOf(run: Pick<Run, 'result'>): Promise<ApplicationFailure> {
  const error: unknown = await run.result().catch((caught: unknown) => caught);
  if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) return error.cause;
  throw new Error(`the workflow did not fail with a failure of its own: ${described(error)}`);
}

/** Waits for a workflow that has to end as cancelled. */
export async function endsCancelled(run: Pick<Run, 'result' | 'handle'>): Promise<void> {
  const error: unknown = await run.result().catch((caught: unknown) => caught);
  const { status } = await run.handle.describe();
  if (
    !(error instanceof WorkflowFailedError) ||
    !(error.cause instanceof CancelledFailure) ||
    status.name !== 'CANCELLED'
  )
    throw new Error(`the workflow did not end as cancelled: ${status.name}, ${described(error)}`);
}

/** The sentence with which an answer to a hold is refused. */
export async function refusalOf(run: Pick<Run, 'decide'>, answer: unknown): Promise<string> {
  const outcome: unknown = await run.decide(answer).catch((caught: unknown) => caught);
  if (outcome instanceof WorkflowUpdateFailedError && outcome.cause instanceof ApplicationFailure)
    return outcome.cause.message;
  throw new Error(`the answer was not refused: ${described(outcome)}`);
}

function described(value: unknown): string {
  return value instanceof Error ? `${value.name}: ${value.message}` : JSON.stringify(value);
}
