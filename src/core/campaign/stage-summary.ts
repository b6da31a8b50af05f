import type { CampaignSpec } from '../plan/spec.ts';
import { STAGE_DESCRIPTORS } from '../plan/stages/registry.ts';
import { counted } from '../text/counted.ts';
import { cut } from '../text/markdown.ts';
import type { Stage } from '../model/stages.ts';

/** Temporal takes 400 bytes; the timeline has room for less. */
const MAX_BYTES = 200;

/** What a stage is going to do, in one line of at most 200 bytes. */
export function stageSummary(spec: CampaignSpec, stage: Stage): string {
  return cut(STAGE_DESCRIPTORS[stage].describe(spec), MAX_BYTES);
}

/**
 * The summary of one execution's activity, which the Temporal UI shows beside the stage's name in the timeline. At most 200
 * bytes.
 */
export function executionSummary(summary: string, execution: number): string {
  return cut(execution > 1 ? `execution ${execution}: ${summary}` : summary, MAX_BYTES);
}

/** A specification in one line: the detail of the stage `resolve`. */
export function specSummary({ plan, gates, specHash, randomSeed }: CampaignSpec): string {
  return `${counted(plan.totalPods, 'Pod')}, ${counted(gates.length, 'gate')}; specification ${specHash.slice(0, 12)}, random seed ${randomSeed}`;
}
