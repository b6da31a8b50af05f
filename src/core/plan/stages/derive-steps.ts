import type { Stage } from '../../model/stages.ts';
import type { DerivationStep } from '../deadline-model.ts';
import { demandPeak } from '../demand-peak.ts';
import type { CampaignSpec } from '../spec.ts';
import { STAGE_DESCRIPTORS } from './registry.ts';
import { DEFAULT_SYSTEM_SHAPE, type CampaignShape } from './shape.ts';
import type { StageDescriptor } from './stage-descriptor.ts';

/** The steps that a campaign of this shape has in one attempt of `stage`, in order. Steps without a wait are left out. */
export function deriveSteps(stage: Stage, shape: CampaignShape): readonly DerivationStep[] {
  const { steps }: StageDescriptor = STAGE_DESCRIPTORS[stage];
  return Object.entries(steps).flatMap(([id, rule]) => {
    const wait = rule(shape);
    return wait === undefined || wait.count * wait.eachMs <= 0 ? [] : [{ id, ...wait }];
  });
}

/**
 * The steps of a campaign's stage: those that its specification records. A campaign that an earlier version resolved records
 * no ids. Its steps are derived again, with the upper bounds of a system.
 */
export function stepsOf(spec: CampaignSpec, stage: Stage): readonly DerivationStep[] {
  const recorded: readonly Partial<DerivationStep>[] = spec.deadlines.stages[stage].derivation;
  if (recorded.some(({ id }) => id !== undefined)) {
    return spec.deadlines.stages[stage].derivation.filter(({ id }) => id !== 'margin');
  }
  const { profile, plan, substrate, catalogue, deadlines } = spec;
  return deriveSteps(stage, {
    profile,
    plan,
    substrate,
    budgets: deadlines.budgets,
    system: { ...DEFAULT_SYSTEM_SHAPE, makesNodes: spec.capacityFromSystem },
    peak: demandPeak(profile, plan, catalogue),
  });
}
