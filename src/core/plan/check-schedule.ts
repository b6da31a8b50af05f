/** When the fail-fast gates of a soak are due to be checked. Moments are ms since 1970. */
export interface CheckSchedule {
  /** End of the settle time. */
  readonly settleEndMs: number;
  /** End of the soak. No check is made at or after it. */
  readonly endMs: number;
  readonly intervalMs: number;
}

/** How many checks are due: one at every interval after the settling, before the end. */
export function checksDue({ settleEndMs, endMs, intervalMs }: CheckSchedule): number {
  return Math.max(0, Math.ceil((endMs - settleEndMs) / intervalMs) - 1);
}

/** The first moment after `nowMs` at which a check is due. It may lie after the end. */
export function nextCheckMs({ settleEndMs, intervalMs }: CheckSchedule, nowMs: number): number {
  const passed = Math.floor((nowMs - settleEndMs) / intervalMs);
  return settleEndMs + intervalMs * Math.max(1, passed + 1);
}

/** The number of the check, from 1, that a check made at `atMs` belongs to; undefined for one that was not due. */
export function checkNumber(schedule: CheckSchedule, atMs: number): number | undefined {
  const number = Math.floor((atMs - schedule.settleEndMs) / schedule.intervalMs);
  return number >= 1 && number <= checksDue(schedule) ? number : undefined;
}
