import { latestOutcome, type CampaignState } from '../campaign/machine.ts';
import { BreachRuns } from '../gates/breach-runs.ts';
import type { GateDefinition, GateResult } from '../gates/model.ts';
import type { StoredReading } from './stored-reading.ts';

/**
 * Adds to the latest soak a breach that its readings show and its outcome does not: the worker that read it died before it
 * could fail the stage. A breach stays a failure of record, whatever later numbers say. A gate that also fails at the end is
 * already a reason of its own.
 */
export function withUnreportedBreach(
  state: CampaignState,
  gates: readonly GateDefinition[],
  readings: readonly StoredReading[],
  results: readonly GateResult[],
): CampaignState {
  const soak = latestOutcome(state, 'soak');
  if (soak === undefined || soak.failure?.kind === 'breach') return state;
  const failed = new Set(results.filter(({ verdict }) => verdict === 'fail').map(({ gate }) => gate));
  const runs = new BreachRuns(gates);
  const breach = readings
    .filter(({ stage, execution }) => stage === 'soak' && execution === soak.execution)
    .map((reading) => runs.add(reading))
    .find((one) => one !== undefined && !failed.has(one.gate));
  if (breach === undefined) return state;
  const outcomes = state.outcomes.map((one) => (one === soak ? { ...one, breachRead: breach.message } : one));
  return { ...state, outcomes };
}
