import { judgeGate } from '../gates/judge.ts';
import type { GateDefinition, GateResult } from '../gates/model.ts';
import type { StoredReading } from './stored-reading.ts';

/**
 * The results that judge a campaign: those of the newest moment of the latest soak at which all gates were read together. A
 * gate that was not read then is unmeasured, never left out; a soak that never read them all leaves every gate unmeasured.
 *
 * @param kept every reading of every execution
 * @param execution the latest execution of the soak; 0 = it never ran
 */
export function finalResults(
  gates: readonly GateDefinition[],
  kept: readonly StoredReading[],
  execution: number,
  nowMs: number,
): readonly GateResult[] {
  const own = kept.filter((result) => result.stage === 'soak' && result.execution === execution);
  const byMoment = Map.groupBy(own, (result) => result.reading.atMs);
  const complete =
    [...byMoment].filter(([, results]) => results.length >= gates.length).sort(([a], [b]) => b - a)[0]?.[1] ?? [];
  return gates.map((gate) => complete.find((result) => result.gate === gate.name) ?? notEvaluated(gate, nowMs));
}

function notEvaluated(gate: GateDefinition, atMs: number): GateResult {
  return judgeGate(gate, {
    gate: gate.name,
    value: null,
    quality: 'unmeasured',
    reason: 'not-evaluated',
    detail: 'no soak of this campaign lasted until this gate was read',
    samples: 0,
    windowStartMs: atMs,
    windowEndMs: atMs,
    atMs,
  });
}
