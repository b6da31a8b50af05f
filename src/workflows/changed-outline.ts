import { patched, proxyActivities } from '@temporalio/workflow';
import type { RespecActivities } from '../activities/contract.ts';
import { parseOutline, type CampaignOutline } from '../core/campaign/outline.ts';
import { activityOptions } from './activity-options.ts';
import { stageLimits } from './stage-limits.ts';
import { respecLocally } from './local-activities.ts';

/** Since this patch the campaign's host makes the specification of a retry: only there lies the one before it. */
const RESPEC_ON_HOST = 'respec-on-host';

/**
 * The outline of the specification that a retry with changes uses.
 *
 * The first version made it in a local activity, on any host, from the specification that the workflow held. A history in which
 * that has happened replays the local activity; every decision after the upgrade runs on the host.
 *
 * @throws ActivityFailure when the changes are refused
 */
export async function changedOutline(
  outline: CampaignOutline,
  set: Readonly<Record<string, unknown>>,
): Promise<CampaignOutline> {
  const { campaign, specHash, hostQueue } = outline;
  const input = { campaign, specHash, set };
  if (!patched(RESPEC_ON_HOST)) return parseOutline(await respecLocally(input));
  const { respec } = proxyActivities<RespecActivities>(
    activityOptions(stageLimits(outline, 'resolve'), hostQueue, 'specification with the changes of a retry'),
  );
  return parseOutline(await respec(input));
}
