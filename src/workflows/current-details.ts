import { setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { currentDetails } from '../core/verdict/current-details.ts';
import type { CampaignStatus, JudgeResult } from '../core/campaign/stage-io.ts';
import { plannedStages } from '../core/campaign/stage-summary.ts';
import { startPage, workflowPage } from '../core/campaign/ui-pages.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';

/** Tells the campaign's story where the Temporal UI shows it. */
export function tellDetails(status: CampaignStatus, judged: JudgeResult | null, spec: CampaignSpec | null): void {
  const { namespace, workflowId, runId, taskQueue, workflowType } = workflowInfo();
  const pages = {
    run: workflowPage(namespace, workflowId, runId),
    start: startPage(namespace, taskQueue, workflowType),
  };
  const known = spec === null ? {} : { gates: spec.gates, planned: plannedStages(spec) };
  setCurrentDetails(currentDetails(status, judged, { pages, ...known }));
}
