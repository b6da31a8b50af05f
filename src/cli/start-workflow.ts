import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import { UsageError } from './usage-error.ts';

/** Longest workflow id that Temporal's server accepts by default. */
const LONGEST_ID = 1_000;

/** Checks an id from the command line. @throws UsageError if Temporal would not accept it */
export function checkId(id: string | undefined): void {
  if (id === undefined || (id.trim() !== '' && id.length <= LONGEST_ID)) return;
  const found = id.length > LONGEST_ID ? `${id.length} characters` : `"${id}"`;
  throw new UsageError(`--id: found ${found}; allowed: 1 to ${LONGEST_ID} characters, not only spaces`);
}

/**
 * Starts a campaign, a ladder or a comparison.
 * @throws UsageError when one with this id is running
 */
export async function started(
  client: Client,
  type: 'campaign' | 'ladder' | 'comparison',
  options: WorkflowStartOptions,
): Promise<{ readonly workflowId: string }> {
  try {
    return await client.workflow.start(type, { ...options, workflowIdConflictPolicy: 'FAIL' });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { workflowId } = error;
    throw new UsageError(
      `--id ${workflowId}: a workflow with this id is running; "./belay watch ${workflowId}" follows it; allowed: another id, or none`,
      { cause: error },
    );
  }
}
