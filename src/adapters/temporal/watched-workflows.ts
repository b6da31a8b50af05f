import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { WatchedWorkflow } from '../../core/campaign/watched-workflow.ts';
import { WATCHED_WORKFLOWS } from '../../core/plan/limits.ts';

/**
 * Campaigns and climbs that run or ended since a moment, newest first; of very many the newest. Temporal's list shows an end a moment
 * late; with `exact` those that it shows as running are asked one by one.
 */
export async function watchedWorkflows(
  client: Client,
  sinceMs: number,
  { exact = false }: { readonly exact?: boolean } = {},
): Promise<readonly WatchedWorkflow[]> {
  const since = new Date(sinceMs).toISOString();
  const query = `WorkflowType IN ('campaign', 'ladder') AND (ExecutionStatus = 'Running' OR CloseTime > '${since}')`;
  const found: WatchedWorkflow[] = [];
  for await (const one of client.workflow.list({ query, pageSize: 100 })) {
    const asked = exact && one.status.name === 'RUNNING';
    found.push(watched(asked ? await client.workflow.getHandle(one.workflowId, one.runId).describe() : one));
    if (found.length === WATCHED_WORKFLOWS) break;
  }
  return found;
}

function watched(info: Omit<WorkflowExecutionInfo, 'raw'>): WatchedWorkflow {
  const attribute = (name: string): string => String(info.searchAttributes[name]?.[0] ?? '');
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    kind: info.type === 'ladder' ? 'ladder' : 'campaign',
    status: info.status.name,
    stage: attribute('BelayStage'),
    verdict: attribute('BelayVerdict'),
    profile: attribute('BelayProfile'),
    substrate: attribute('BelayTarget'),
    trigger: attribute('BelayTrigger'),
    startedAtMs: info.startTime.getTime(),
    closedAtMs: info.closeTime?.getTime(),
  };
}
