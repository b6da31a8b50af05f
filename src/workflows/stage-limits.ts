import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { CampaignOutline, StageLimits } from '../core/campaign/outline.ts';
import type { ActivityName } from '../core/model/stages.ts';
import { failureWithoutStack } from './failure-without-stack.ts';

/** The limits of one activity. @throws ApplicationFailure when the campaign's record has none */
export function stageLimits({ limits }: CampaignOutline, activity: ActivityName): StageLimits {
  const found = limits[activity];
  if (found === undefined)
    throw failureWithoutStack(`the outline of the campaign has no limits of ${activity}`, FAILURE_TYPES.harnessFault);
  return found;
}
