import { ApplicationFailure } from '@temporalio/activity';
import { readSpec } from '../adapters/evidence/spec-store.ts';
import { FAILURE_TYPES } from '../core/campaign/failure-types.ts';
import type { ParsedInput } from '../core/campaign/parse-input.ts';
import type { StageInput } from '../core/campaign/stage-io.ts';
import type { ActivityName } from '../core/model/stages.ts';
import { parseSpec } from '../core/plan/parse-spec.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { limitedFailure } from './limited-failure.ts';

/** The input and its specification. @throws ApplicationFailure when one of them cannot be read on this host */
export function begun<Input extends StageInput>(
  activity: ActivityName,
  parse: (value: unknown) => ParsedInput<Input>,
  value: unknown,
): { readonly input: Input; readonly spec: CampaignSpec } {
  try {
    const { input, sentSpec } = parse(value);
    const spec = sentSpec === undefined ? readSpec(input.campaign, input.specHash) : parseSpec(sentSpec);
    if (spec !== undefined) return { input, spec };
    throw ApplicationFailure.create({
      message:
        `this host does not have specification ${input.specHash.slice(0, 12)} of campaign ${input.campaign}; ` +
        `"resolve" wrote it to runs/${input.campaign}/spec.json of the campaign's host`,
      type: FAILURE_TYPES.harnessFault,
    });
  } catch (error) {
    throw limitedFailure(error, `the worker's log of ${activity}`);
  }
}
