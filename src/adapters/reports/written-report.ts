import { join } from 'node:path';
import { campaignName, campaignNameOfRun } from '../../core/campaign/campaign-name.ts';
import { runIdOf } from '../evidence/spec-store.ts';
import { runFolder } from '../host/folders.ts';
import { isPlainFile } from '../host/plain-file.ts';
import { reportAddress } from './report-address.ts';

/** Which run's report is asked for. */
interface CampaignRun {
  readonly workflowId: string;
  readonly runId: string;
  /** The campaign's name as its result says; undefined where it has none, because it did not complete. */
  readonly campaign: string | undefined;
}

/**
 * Where the report of a campaign is on the web, if it was written. A host that has the run's folder looks there. Elsewhere the lead
 * of a campaign that completed has written it. Undefined where there is none, and without `BELAY_REPORT_URL`.
 * @throws Error as `reportAddress`
 */
export function writtenReportAddress({ workflowId, runId, campaign }: CampaignRun): string | undefined {
  const here = [campaignName(workflowId), campaignNameOfRun(workflowId, runId)].find((name) => isOfRun(name, runId));
  if (here === undefined) return campaign === undefined ? undefined : reportAddress(campaign);
  return isPlainFile(join(runFolder(here), 'report.html')) ? reportAddress(here) : undefined;
}

/** Whether this host has the folder of that name, and it is that run's. One that cannot be read has another run's. */
function isOfRun(name: string, runId: string): boolean {
  try {
    return runIdOf(name) === runId;
  } catch {
    return false;
  }
}
