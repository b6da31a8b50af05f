import type { ActivityName } from '../core/model/stages.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { COMMON_END, untilCommonEndMs } from '../core/plan/stages/common-end.ts';
import { stepsOf } from '../core/plan/stages/derive-steps.ts';
import { bounded } from './bounded.ts';
import { pause } from './pause.ts';

/** Waits for the next common end, in a campaign that has it. What ends the wait early does not change the result. */
export async function untilCommonEnd(spec: CampaignSpec, activity: ActivityName): Promise<void> {
  const step = stepsOf(spec, activity).find(({ id }) => id === COMMON_END);
  if (step === undefined) return;
  const { what, count, eachMs } = step;
  await bounded(what, { budgetMs: count * eachMs }, (signal) => pause(untilCommonEndMs(Date.now()), signal)).catch(
    () => undefined,
  );
}
