import type { ActivityName } from '../../model/stages.ts';
import type { DerivationStep } from '../deadline-model.ts';
import { COMMON_ENDS_FROM_CLUSTERS, COMMON_END_EVERY_MS } from '../limits.ts';
import type { CampaignShape } from './shape.ts';

/** The step in which a group waits for the next common end. Every activity of a group has it, in campaigns with many of them. */
export const COMMON_END = 'commonEnd';

/** What runs once for each group. */
const OF_GROUPS: ReadonlySet<ActivityName> = new Set([
  'provision',
  'install',
  'seed',
  'ramp',
  'steady',
  'drive',
  'snapshot',
  'teardown',
]);

/**
 * The wait for a common end. Each activity that ends alone costs the campaign a workflow task of three events, so that a campaign on
 * 200 hosts would have 10,000 of them. Activities that end at once share a task.
 */
export function commonEndStep(
  activity: ActivityName,
  { placed, plan }: Pick<CampaignShape, 'placed'> & { readonly plan: Pick<CampaignShape['plan'], 'clusterCount'> },
): DerivationStep | undefined {
  if (!placed || plan.clusterCount < COMMON_ENDS_FROM_CLUSTERS || !OF_GROUPS.has(activity)) return undefined;
  // Twice, because the step must not end before its wait.
  return { id: COMMON_END, what: 'the next common end of groups', count: 2, eachMs: COMMON_END_EVERY_MS };
}

/** How long it is until then, ms. All hosts agree on it as far as their clocks do. */
export function untilCommonEndMs(nowMs: number): number {
  return COMMON_END_EVERY_MS - (nowMs % COMMON_END_EVERY_MS);
}
