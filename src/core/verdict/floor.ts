import { latestOutcome, type CampaignState, type StageOutcome } from '../campaign/machine.ts';
import type { EvidencePart } from '../campaign/stage-io.ts';
import { worst, type Verdict } from '../gates/model.ts';
import { isMeasured } from '../model/stages.ts';
import { missingEvidenceSentence, spentSentence, stageSentence } from './wording.ts';

/** The best verdict that stages and evidence allow, before any gate is looked at. */
export interface Floor {
  /** The verdict cannot be better than this. */
  readonly verdict: Verdict;
  /** One sentence for each thing that lowers it. */
  readonly reasons: readonly string[];
}

/** The floor of a campaign with no stage and no evidence to report, e.g. of an upstream summary. */
export const NO_FLOOR: Floor = { verdict: 'pass', reasons: [] };

/** The floor of a campaign: what its stages allow, lowered to unmeasured by evidence that is missing. */
export function floorOf(state: CampaignState, evidence: readonly EvidencePart[]): Floor {
  const stages = stageFloor(state);
  const ended = state.spent === undefined ? [] : [spentSentence(state.spent)];
  const missing = evidence.filter((part) => !part.ok).map(missingEvidenceSentence);
  return {
    verdict: worst([stages.verdict, missing.length + ended.length > 0 ? 'unmeasured' : 'pass']),
    reasons: [...ended, ...stages.reasons, ...missing],
  };
}

/**
 * The best verdict that the stages' outcomes allow. Only the latest execution of a stage counts, so a retry can heal a
 * failure; a skip cannot. A stage that never ran leaves the campaign unmeasured.
 */
export function stageFloor(state: CampaignState): Floor {
  const reasons: string[] = [];
  const verdicts: Verdict[] = [];
  for (const stage of state.stages) {
    if (!isMeasured(stage)) continue;
    const outcome = latestOutcome(state, stage);
    if (outcome?.breachRead !== undefined) {
      verdicts.push('fail');
      reasons.push(`a fail-fast gate broke in ${stage} (execution ${outcome.execution}): ${outcome.breachRead}`);
    }
    const lowered = lowers(outcome);
    if (lowered === null) continue;
    verdicts.push(lowered);
    reasons.push(outcome === undefined ? `stage ${stage} never ran` : stageSentence(outcome));
  }
  return { verdict: worst(verdicts), reasons };
}

function lowers(outcome: StageOutcome | undefined): Verdict | null {
  if (outcome === undefined) return 'unmeasured';
  switch (outcome.outcome) {
    case 'succeeded':
      return null;
    case 'failed':
      // What Belay or the owner of the cluster did says nothing about the system.
      return outcome.failure?.kind === 'harness' || outcome.failure?.kind === 'target' ? 'unmeasured' : 'fail';
    case 'cancelled':
    case 'skipped':
      return 'unmeasured';
  }
}
