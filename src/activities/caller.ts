import { ApplicationFailure, Context } from '@temporalio/activity';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import { quoted } from '../core/text/quoted.ts';
import { limitedFailure } from './limited-failure.ts';

/** A workflow, as the server names it to an activity. */
export interface Caller {
  readonly workflowId: string;
  readonly runId: string;
}

/** The workflow that the server says has scheduled the running activity; undefined for an activity of no workflow. */
export function callerOf(): Caller | undefined {
  return Context.current().info.workflowExecution;
}

/**
 * Refuses what belongs to another workflow than the one that has scheduled the activity: any workflow may schedule any activity, and the
 * names of all campaigns are public in the namespace. The run does not count: a workflow that was reset goes on with what the run before
 * it made.
 * @param owner id of the workflow that it belongs to
 * @param what the field of the argument that names it, with its value where that is another text, e.g. `campaign "c"`
 * @throws ApplicationFailure `InvalidSpec`, which is not tried again
 */
export function refuseForeign(owner: string, what: string, caller: Caller | undefined): void {
  if (caller?.workflowId === owner) return;
  const found = caller === undefined ? 'no workflow' : `workflow ${quoted(caller.workflowId)}`;
  const message = `${what}: found ${found} as the caller; allowed: workflow ${quoted(owner)}, to which it belongs`;
  throw limitedFailure(ApplicationFailure.nonRetryable(message, FAILURE_TYPES.invalidSpec), 'docs/security.md');
}
