import type { GateDefinition, Reading } from '../gates/model.ts';
import type { CheckSchedule } from '../plan/check-schedule.ts';
import { countChecks, type CheckCounts } from './check-counts.ts';
import { judgeWithChecks } from './judge-with-checks.ts';
import type { JudgedGate } from './judged-gate.ts';
import type { StoredReading } from './stored-reading.ts';

/** The soak that judges a campaign. */
export interface FinalSoak {
  /** The latest execution; 0 = it never ran. */
  readonly execution: number;
  /** When its checks were due. Absent: it is not known, and checks are not counted. */
  readonly schedule?: CheckSchedule;
}

/**
 * The gates that judge a campaign: on the readings of the end of its latest soak, with the checks of that soak. A gate that was
 * not read then is unmeasured, never left out.
 *
 * @param kept every reading of every execution, oldest first
 */
export function finalGates(
  gates: readonly GateDefinition[],
  kept: readonly StoredReading[],
  { execution, schedule }: FinalSoak,
  nowMs: number,
): readonly JudgedGate[] {
  const own = ofSoak(kept, execution);
  const end = own.some(({ moment }) => moment !== undefined) ? endReadings(own, execution) : newestComplete(gates, own);
  return gates.map((gate) => {
    const isChecked = schedule !== undefined && gate.failFast && gate.barKind !== 'informational';
    const checks = isChecked ? withBeyond(gate, own, countChecks(gate.name, own, schedule)) : undefined;
    const reading = end.get(gate.name)?.reading ?? notEvaluated(gate, nowMs);
    return judgeWithChecks(gate, reading, {
      ...(execution === 0 ? {} : { stage: 'soak', execution }),
      ...(checks === undefined ? {} : { checks }),
    });
  });
}

/** How many checks a gate with `for` was beyond its bar: single ones end no soak, and stay on record. */
function withBeyond(gate: GateDefinition, own: readonly StoredReading[], checks: CheckCounts): CheckCounts {
  const isBeyond = (one: StoredReading): boolean =>
    one.gate === gate.name && one.moment === 'check' && one.verdict === 'fail';
  const beyond = (gate.forReadings ?? 1) > 1 ? own.filter(isBeyond).length : 0;
  return beyond === 0 ? checks : { ...checks, beyond };
}

/**
 * The readings of a soak's end by gate: the first of each gate. They are decided once. What a later attempt reads does not
 * replace them, so a worker that dies before it reports changes no verdict.
 */
function endReadings(kept: readonly StoredReading[], execution: number): ReadonlyMap<string, StoredReading> {
  const first = new Map<string, StoredReading>();
  for (const reading of ofSoak(kept, execution)) {
    if (reading.moment === 'end' && !first.has(reading.gate)) first.set(reading.gate, reading);
  }
  return first;
}

/** Whether all gates have been read at the end of a soak. */
export function isDecided(
  gates: readonly Pick<GateDefinition, 'name'>[],
  kept: readonly StoredReading[],
  execution: number,
): boolean {
  const end = endReadings(kept, execution);
  return gates.every(({ name }) => end.has(name));
}

/** In files without marks: the readings of the newest moment at which all gates were read together. */
function newestComplete(
  gates: readonly GateDefinition[],
  own: readonly StoredReading[],
): ReadonlyMap<string, StoredReading> {
  const byMoment = Map.groupBy(own, ({ reading }) => reading.atMs);
  const complete = [...byMoment].filter(([, results]) => results.length >= gates.length);
  const newest = complete.sort(([a], [b]) => b - a)[0]?.[1] ?? [];
  return new Map(newest.map((result) => [result.gate, result]));
}

function ofSoak(kept: readonly StoredReading[], execution: number): readonly StoredReading[] {
  return kept.filter((one) => one.stage === 'soak' && one.execution === execution);
}

function notEvaluated(gate: GateDefinition, atMs: number): Reading {
  return {
    gate: gate.name,
    value: null,
    quality: 'unmeasured',
    reason: 'not-evaluated',
    detail: 'no soak of this campaign lasted until this gate was read',
    samples: 0,
    windowStartMs: atMs,
    windowEndMs: atMs,
    atMs,
  };
}
