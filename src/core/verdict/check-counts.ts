import type { Reading, UnmeasuredReason } from '../gates/model.ts';
import { checkNumber, checksDue, type CheckSchedule } from '../plan/check-schedule.ts';
import { MEASURED_CHECKS_SHARE } from '../plan/limits.ts';
import type { StoredReading } from './stored-reading.ts';

/** The checks of one fail-fast gate in a soak. `due` = `measured` + `unmeasured` + `missed`. */
export interface CheckCounts {
  readonly due: number;
  readonly measured: number;
  /** Made, but the gate could not be measured. */
  readonly unmeasured: number;
  /** Not made: no worker ran, or the check before it took too long. */
  readonly missed: number;
  /** Those beyond the bar, of a gate that ends the soak only after several in a row. Absent = none, or another gate. */
  readonly beyond?: number;
  /** Why most of the checks without a value have none: a reason of a reading, or `not made`. Absent when all were measured. */
  readonly cause?: string;
}

/** The cause of a check that was not made. */
const NOT_MADE = 'not made';

/** Reasons that say of what was observed that nothing has happened yet. */
const NO_EVENTS: readonly UnmeasuredReason[] = ['no-events', 'too-few-events'];

/**
 * Counts the checks of a gate. Checks before its first value are not due if nothing had happened yet, or the window had only
 * begun. Those of a target or a series that was not there yet are due: nothing was observed. What counts events is born with the
 * first of them, so its absence from a target that was seen is an observation. A gate that never has a value is unmeasured by its
 * reading at the end.
 * @param kept the readings of the soak's execution; those of other gates, and of its end, are left out
 */
export function countChecks(gate: string, kept: readonly StoredReading[], schedule: CheckSchedule): CheckCounts {
  const reasons = new Map<number, UnmeasuredReason | 'measured'>();
  const withNothing = new Set<number>();
  for (const { moment, reading } of kept.filter((one) => one.gate === gate && one.moment !== 'end')) {
    const number = checkNumber(schedule, reading.atMs);
    if (number === undefined || reasons.get(number) === 'measured') continue;
    // Versions without marks read all gates at the end too, which is after the last check.
    if (moment === undefined && reading.atMs >= schedule.endMs) continue;
    reasons.set(number, reading.value === null ? (reading.reason ?? 'not-evaluated') : 'measured');
    if (hasNothingYet(reading, schedule)) withNothing.add(number);
    else withNothing.delete(number);
  }
  const causes = new Map<string, number>();
  const counts = { due: 0, measured: 0, unmeasured: 0, missed: 0 };
  for (let number = 1; number <= checksDue(schedule); number++) {
    const outcome = reasons.get(number);
    if (outcome !== 'measured' && counts.measured === 0 && withNothing.has(number)) continue;
    counts.due++;
    if (outcome === 'measured') {
      counts.measured++;
      continue;
    }
    counts[outcome === undefined ? 'missed' : 'unmeasured']++;
    const cause = outcome ?? NOT_MADE;
    causes.set(cause, (causes.get(cause) ?? 0) + 1);
  }
  const [most] = [...causes].sort(([, a], [, b]) => b - a);
  return { ...counts, ...(most === undefined ? {} : { cause: most[0] }) };
}

/** Whether there was nothing to measure in the window of a reading. A value that only was not believed is something. */
function hasNothingYet({ reason, estimate, unborn, windowStartMs }: Reading, { settleEndMs }: CheckSchedule): boolean {
  if (reason === undefined || estimate !== undefined) return false;
  return (
    unborn === true || NO_EVENTS.includes(reason) || (reason === 'too-few-samples' && windowStartMs <= settleEndMs)
  );
}

/** Whether so many of the due checks were measured that a breach would have been seen. */
export function hasEnoughChecks({ due, measured }: CheckCounts): boolean {
  return measured >= due * MEASURED_CHECKS_SHARE;
}
