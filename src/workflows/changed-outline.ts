import { CancellationScope, patched, proxyActivities } from '@temporalio/workflow';
import type { RespecActivities } from '../activities/contract.ts';
import { parseOutline, type CampaignOutline } from '../core/campaign/outline.ts';
import { activityOptions } from './activity-options.ts';
import { refusal } from './campaign-messages.ts';
import { readFailure } from './stage-failure.ts';
import { stageLimits } from './stage-limits.ts';
import { respecLocally } from './local-activities.ts';

/** Since this patch the campaign's host makes the specification of a retry: only there lies the one before it. */
const RESPEC_ON_HOST = 'respec-on-host';

/**
 * The outline of the specification that a retry with changes uses. It is made and checked as the first one was, and both are
 * kept. The validator cannot read files: the answer is refused with what only this step finds, and the hold continues.
 *
 * @throws ApplicationFailure the refusal
 */
export async function changedOrRefused(
  outline: CampaignOutline | null,
  set: Readonly<Record<string, unknown>>,
): Promise<CampaignOutline> {
  if (outline === null) throw refusal('there is no specification yet that could be changed.');
  try {
    // A cancel during this step ends the hold, and the answer is then refused because of that.
    return await CancellationScope.nonCancellable(() => changedOutline(outline, set));
  } catch (error) {
    const queue = { taskQueue: outline.hostQueue, queueWaitMs: stageLimits(outline, 'resolve').queueWaitMs };
    throw refusal(`set: ${readFailure('the changed specification', error, queue).failure.message}`);
  }
}

/**
 * The first version made it in a local activity, on any host, from the specification that the workflow held. A history in which
 * that has happened replays the local activity; every decision after the upgrade runs on the host.
 *
 * @throws ActivityFailure when the changes are refused
 */
async function changedOutline(
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
