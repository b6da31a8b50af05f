import type { CampaignState, StageOutcome } from './machine.ts';

/**
 * How a campaign ended, apart from its gates.
 * - `completed`: it has a verdict.
 * - `aborted`: it was cancelled.
 * - `harness-fault`: Belay's own infrastructure failed, so the campaign says nothing about the system.
 */
export type Ending = 'completed' | 'aborted' | 'harness-fault';

/** How the campaign ended. A cancel outranks earlier failures. A harness failure that was skipped is no longer a fault. */
export function endingOf(state: CampaignState): Ending {
  if (state.earlyEnd === 'cancelled') return 'aborted';
  if (state.leadLost === true) return 'harness-fault';
  const broken = state.stages.some((stage) => {
    // Missing evidence lowers the verdict, and the janitor removes leftovers: neither makes the result worthless.
    if (stage === 'snapshot' || stage === 'teardown') return false;
    // The last outcome of the stage counts: a skip answers the failure before it, not a later one.
    const outcome = state.outcomes.findLast((each) => each.stage === stage);
    return outcome?.outcome === 'failed' && outcome.failure?.kind === 'harness';
  });
  return broken ? 'harness-fault' : 'completed';
}

/** A failed execution that a later execution of the same stage healed. */
export interface HealedExecution {
  readonly failed: StageOutcome;
  /** The execution that succeeded. */
  readonly healedBy: number;
}

/** Failures that later executions healed. They stay on record beside the verdict. */
export function healedExecutions(state: CampaignState): readonly HealedExecution[] {
  return state.outcomes.flatMap((failed) => {
    const healedBy = failed.outcome === 'failed' ? healerOf(state, failed) : undefined;
    return healedBy === undefined ? [] : [{ failed, healedBy }];
  });
}

/** The first later execution of the same stage that succeeded; undefined when there is none. */
export function healerOf(state: CampaignState, failed: StageOutcome): number | undefined {
  return state.outcomes.find(
    (later) => later.stage === failed.stage && later.execution > failed.execution && later.outcome === 'succeeded',
  )?.execution;
}
