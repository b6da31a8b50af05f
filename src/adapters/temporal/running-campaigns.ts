import type { Client } from '@temporalio/client';

/** A campaign or ladder that has not ended. */
export interface RunningWorkflow {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly startedAtMs: number;
}

const QUERY = `ExecutionStatus = 'Running' AND WorkflowType IN ('campaign', 'ladder')`;

/** Campaigns and ladders under way in the client's namespace, oldest first; at most 100. */
export async function runningCampaigns(client: Client): Promise<readonly RunningWorkflow[]> {
  const found: RunningWorkflow[] = [];
  for await (const { workflowId, runId, type, startTime } of client.workflow.list({ query: QUERY, pageSize: 100 })) {
    found.push({ workflowId, runId, type, startedAtMs: startTime.getTime() });
    if (found.length === 100) break;
  }
  return found.sort((a, b) => a.startedAtMs - b.startedAtMs);
}
