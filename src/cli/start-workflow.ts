import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowStartOptions } from '@temporalio/client';
import { UsageError } from './usage-error.ts';

/** Longest id that Temporal's server takes by default. */
const LONGEST_ID = 1_000;

/** An id as it was typed. @throws UsageError where Temporal would not take it */
export function checkId(id: string | undefined): void {
  if (id === undefined || (id.trim() !== '' && id.length <= LONGEST_ID)) return;
  const found = id.length > LONGEST_ID ? `${id.length} characters` : `"${id}"`;
  throw new UsageError(`--id: found ${found}; allowed: 1 to ${LONGEST_ID} characters, not only spaces`);
}

/**
 * Starts a campaign or a ladder under an id that none of them runs under.
 * @throws UsageError when one does
 */
export async function started(
  client: Client,
  type: 'campaign' | 'ladder',
  options: WorkflowStartOptions,
): Promise<{ readonly workflowId: string }> {
  try {
    return await client.workflow.start(type, { ...options, workflowIdConflictPolicy: 'FAIL' });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { workflowId } = error;
    throw new UsageError(
      `--id ${workflowId}: found one of that id that is under way; "./belay watch ${workflowId}" shows it; allowed: another id, or none`,
      { cause: error },
    );
  }
}
