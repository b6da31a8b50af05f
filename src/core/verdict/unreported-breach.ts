import { latestOutcome, type CampaignState } from '../campaign/machine.ts';
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
