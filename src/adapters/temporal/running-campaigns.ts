import type { Client } from '@temporalio/client';

/** A campaign or ladder that has not ended. */
export interface RunningWorkflow {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly startedAtMs: number;
}

const QUERY = `ExecutionStatus = 'Running' AND WorkflowType IN ('campaign', 'ladder', 'comparison')`;

/**
 * Campaigns and ladders under way in the client's namespace, oldest first; at most 100. Temporal's list shows an end a moment late, so
 * `isUnderWay` asks about a single one.
 */
export async function runningCampaigns(client: Client): Promise<readonly RunningWorkflow[]> {
  const found: RunningWorkflow[] = [];
  for await (const { workflowId, runId, type, startTime } of client.workflow.list({ query: QUERY, pageSize: 100 })) {
    found.push({ workflowId, runId, type, startedAtMs: startTime.getTime() });
    if (found.length === 100) break;
  }
  return found.sort((a, b) => a.startedAtMs - b.startedAtMs);
}

/** Whether a workflow runs, by its own state. @throws Error when the server does not answer */
export async function isUnderWay(client: Client, { workflowId, runId }: RunningWorkflow): Promise<boolean> {
  const { status } = await client.workflow.getHandle(workflowId, runId).describe();
  return status.name === 'RUNNING';
}
