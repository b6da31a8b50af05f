import { makeCurrent } from '../../src/adapters/evidence/spec-store.ts';
import { LEAD_GROUP, type StageInput } from '../../src/core/campaign/stage-io.ts';
import type { Stage } from '../../src/core/model/stages.ts';
import type { CampaignSpec } from '../../src/core/plan/spec.ts';

/** Writes a specification to disk, as `resolve` does, and returns the input of a stage that uses it. */
export function storedInput(spec: CampaignSpec, stage: Stage, change: Partial<StageInput> = {}): StageInput {
  makeCurrent(spec);
  const { campaign, specHash } = spec;
  return { campaign, specHash, stage, execution: 1, group: LEAD_GROUP, ...change };
}
