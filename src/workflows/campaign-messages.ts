import { defineQuery, defineUpdate, type ApplicationFailure } from '@temporalio/workflow';
import type { CampaignStatus } from '../core/campaign/stage-io.ts';
import { failureWithoutStack } from './failure-without-stack.ts';

/** A person's answer to a hold. The validator refuses, in one sentence, an answer that does not fit the open hold. */
export const decide = defineUpdate<string, [unknown]>('decide');

/** Where the campaign is. `belay watch` and `belay status` show it. */
export const status = defineQuery<CampaignStatus>('status');

/** The failure of an Update whose answer is not accepted. The campaign stays as it was. */
export function refusal(sentence: string): ApplicationFailure {
  return failureWithoutStack(sentence, 'DecisionRefused');
}
