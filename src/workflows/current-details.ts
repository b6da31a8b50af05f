import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { currentDetails } from '../core/verdict/current-details.ts';
import type { CampaignOutline } from '../core/campaign/outline.ts';
import type { CampaignStatus, JudgeResult } from '../core/campaign/stage-io.ts';
import { startPage, workflowPage } from '../core/campaign/ui-pages.ts';

/** Shows where the campaign is in Current Details of the Temporal UI. */
export function showDetails(status: CampaignStatus, judged: JudgeResult | null, outline: CampaignOutline | null): void {
  const { namespace, workflowId, runId, taskQueue, workflowType } = workflowInfo();
  const pages = {
    run: workflowPage(namespace, workflowId, runId),
    start: startPage(namespace, taskQueue, workflowType),
  };
  const known = outline === null ? {} : { gates: outline.gates, planned: outline.summaries };
  setCurrentDetails(currentDetails(status, judged, { pages, ...known }));
}
