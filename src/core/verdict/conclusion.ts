import { worst, type GateDefinition, type GateResult, type Verdict } from '../gates/model.ts';
import { isMeasured } from '../model/stages.ts';
import type { Ending } from '../campaign/ending.ts';
import { latestOutcome, type CampaignState, type StageOutcome } from '../campaign/machine.ts';

/** What the machine's record alone says about the verdict, before any gate is looked at. */
export interface Floor {
  /** The verdict cannot be better than this. */
  readonly verdict: Verdict;
  /** One sentence for each thing that lowers it. */
  readonly reasons: readonly string[];
}

/**
 * The best verdict that the stages' outcomes allow. A retry on record can heal a failure, because only the latest
 * execution of a stage counts; a skip cannot. A stage that never ran leaves the campaign unmeasured.
 */
export function verdictFloor(state: CampaignState): Floor {
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
    reasons.push(
      outcome === undefined
        ? `stage ${stage} never ran`
        : `stage ${stage} ${outcome.outcome} (execution ${outcome.execution})${outcome.failure === undefined ? '' : `: ${outcome.failure.message}`}`,
    );
  }
  return { verdict: worst(verdicts), reasons };
}

function lowers(outcome: StageOutcome | undefined): Verdict | null {
  if (outcome === undefined) return 'unmeasured';
  switch (outcome.outcome) {
    case 'succeeded':
      return null;
    case 'failed':
      return outcome.failure?.kind === 'harness' ? 'unmeasured' : 'fail';
    case 'cancelled':
    case 'skipped':
      return 'unmeasured';
  }
}

/**
 * The state with what the readings say of the latest soak: a breach is a failure of record, whatever the numbers say later,
 * also when whoever read it died before it could fail the stage. A gate that fails in the end as well says so by itself.
 */
export function withBreachesRead(
  state: CampaignState,
  gates: readonly GateDefinition[],
  readings: readonly (GateResult & { readonly stage: string; readonly execution: number })[],
  results: readonly GateResult[],
): CampaignState {
  const soak = latestOutcome(state, 'soak');
  if (soak === undefined || soak.failure?.kind === 'breach') return state;
  const failed = new Set(results.filter(({ verdict }) => verdict === 'fail').map(({ gate }) => gate));
  const failFast = new Set(
    gates.filter((gate) => gate.failFast && gate.barKind !== 'informational').map(({ name }) => name),
  );
  const breach = readings.find(
    ({ stage, execution, gate, verdict }) =>
      stage === 'soak' && execution === soak.execution && verdict === 'fail' && failFast.has(gate) && !failed.has(gate),
  );
  if (breach === undefined) return state;
  const outcomes = state.outcomes.map((one) => (one === soak ? { ...one, breachRead: breach.message } : one));
  return { ...state, outcomes };
}

/** How the campaign ended. A cancel outranks what broke on the way; a skipped harness failure is no longer a fault. */
export function endingOf(state: CampaignState): Ending {
  if (state.earlyEnd === 'cancelled') return 'aborted';
  const broken = state.stages.some((stage) => {
    // Missing evidence lowers the verdict, and a leak is the janitor's: neither makes the result worthless.
    if (stage === 'snapshot' || stage === 'teardown') return false;
    // The last word on the stage: a skip answers the failure before it, not one that comes after.
    const outcome = state.outcomes.findLast((each) => each.stage === stage);
    return outcome?.outcome === 'failed' && outcome.failure?.kind === 'harness';
  });
  return broken ? 'harness-fault' : 'completed';
}

/** Failures that a later execution made good: kept for ever, shown beside the verdict. */
export function healedFailures(state: CampaignState): readonly StageOutcome[] {
  return state.outcomes.filter(
    (outcome) =>
      outcome.outcome === 'failed' &&
      state.outcomes.some(
        (later) =>
          later.stage === outcome.stage && later.execution > outcome.execution && later.outcome === 'succeeded',
      ),
  );
}
