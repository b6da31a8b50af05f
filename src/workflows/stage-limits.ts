import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { CampaignOutline, StageLimits } from '../core/campaign/outline.ts';
import type { Stage } from '../core/model/stages.ts';
import { failureWithoutStack } from './failure-without-stack.ts';

/** The limits of one stage. @throws ApplicationFailure when the campaign's record has none */
export function stageLimits({ limits }: CampaignOutline, stage: Stage): StageLimits {
  const found = limits[stage];
  if (found === undefined)
    throw failureWithoutStack(
      `the outline of the campaign has no limits of stage ${stage}`,
      FAILURE_TYPES.harnessFault,
    );
  return found;
}
