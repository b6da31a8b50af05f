import { defineQuery, defineUpdate, type ApplicationFailure } from '@temporalio/workflow';
import type { CampaignStatus } from '../core/campaign/stage-io.ts';
import { toldFailure } from './told-failure.ts';

/** A person's answer to a hold. The validator refuses, in a sentence, whatever does not fit the open hold. */
export const decide = defineUpdate<string, [unknown]>('decide');

/** Where the campaign is: what `belay watch` and `belay status` show. */
export const status = defineQuery<CampaignStatus>('status');

/** An answer that is not taken: the Update fails with this sentence, and the campaign is as it was. */
export function refusal(sentence: string): ApplicationFailure {
  return toldFailure(sentence, 'DecisionRefused');
}
