import { latestOutcome, type CampaignState } from '../campaign/machine.ts';
import type { GateDefinition, GateResult } from '../gates/model.ts';
import { BreachCount } from './breach-count.ts';
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
  const count = new BreachCount(gates);
  const breach = readings
    .filter(({ stage, execution, gate }) => stage === 'soak' && execution === soak.execution && !failed.has(gate))
    .find((reading) => count.take([reading]) !== undefined);
  if (breach === undefined) return state;
  const outcomes = state.outcomes.map((one) => (one === soak ? { ...one, breachRead: breach.message } : one));
  return { ...state, outcomes };
}
