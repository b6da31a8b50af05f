import type { ActivityName } from '../../model/stages.ts';
import type { DerivationStep, StageDeadline, StageDeadlines } from '../deadline-model.ts';
import { demandPeak } from '../demand-peak.ts';
import type { CampaignSpec } from '../spec.ts';
import { commonEndStep } from './common-end.ts';
import { ACTIVITY_DESCRIPTORS } from './registry.ts';
import { DEFAULT_SYSTEM_SHAPE, type CampaignShape } from './shape.ts';
import type { StageDescriptor } from './stage-descriptor.ts';

/** The steps that a campaign of this shape has in one attempt of `activity`, in order. Steps without a wait are left out. */
export function deriveSteps(activity: ActivityName, shape: CampaignShape): readonly DerivationStep[] {
  const { steps }: StageDescriptor = ACTIVITY_DESCRIPTORS[activity];
  const own = Object.entries(steps).flatMap(([id, rule]) => {
    const wait = rule(shape);
    return wait === undefined || wait.count * wait.eachMs <= 0 ? [] : [{ id, ...wait }];
  });
  const commonEnd = commonEndStep(activity, shape);
  return commonEnd === undefined ? own : [...own, commonEnd];
}

/**
 * The steps of a campaign's activity: those that its specification records. A campaign that an earlier version resolved records
 * no ids. Its steps are derived again, with the upper bounds of a system.
 */
export function stepsOf(spec: CampaignSpec, activity: ActivityName): readonly DerivationStep[] {
  const recorded: readonly Partial<DerivationStep>[] = deadlineIn(spec.deadlines, activity)?.derivation ?? [];
  if (recorded.some(({ id }) => id !== undefined)) {
    return (recorded as readonly DerivationStep[]).filter(({ id }) => id !== 'margin');
  }
  const { profile, plan, substrate, catalogue, deadlines } = spec;
  return deriveSteps(activity, {
    profile,
    plan,
    substrate,
    budgets: deadlines.budgets,
    system: { ...DEFAULT_SYSTEM_SHAPE, makesNodes: spec.capacityFromSystem },
    peak: demandPeak(profile, plan, catalogue),
    placed: false,
    storesEvidence: false,
    targetWaitMs: 0,
  });
}

/** The deadline of an activity. Only a campaign that may have several groups has those of `drive` and `watch`. */
export function deadlineIn(
  { stages, soakParts }: Pick<StageDeadlines, 'stages' | 'soakParts'>,
  activity: ActivityName,
): StageDeadline | undefined {
  return activity === 'drive' || activity === 'watch' ? soakParts?.[activity] : stages[activity];
}
