import type { GateResult } from '../core/gates/model.ts';
import { nextCheckMs, type CheckSchedule } from '../core/plan/check-schedule.ts';
import { SOAK_TICK_MS } from '../core/plan/limits.ts';
import { pause } from './pause.ts';

/** What is watched in a soak. */
interface WatchedGates {
  readonly schedule: CheckSchedule;
  readonly signal: AbortSignal;
  /** Reads the fail-fast gates for a moment, ms since 1970. @returns the breach, if there is one */
  readonly check: (atMs: number) => Promise<GateResult | undefined>;
  /** Called about once a second. */
  readonly onTick: () => void;
}

/**
 * Reads the fail-fast gates at every interval after the settling, until the soak is over or a gate is breached. The moments are
 * the same for every attempt. Nothing that repairs or drives the load runs in this loop: a slow cluster does not stretch the
 * interval. A check that takes longer than the interval skips the checks that it missed.
 * @returns the breach; undefined at the end of the soak
 * @throws what `check` throws; the signal's reason
 */
export async function watchGates(request: WatchedGates): Promise<GateResult | undefined> {
  const { schedule, signal, check, onTick } = request;
  const { endMs } = schedule;
  let dueAtMs = nextCheckMs(schedule, Date.now());
  for (let nowMs = Date.now(); nowMs < endMs; nowMs = Date.now()) {
    if (nowMs >= dueAtMs) {
      const breach = await check(nowMs);
      if (breach !== undefined) return breach;
      dueAtMs = nextCheckMs(schedule, Date.now());
    }
    onTick();
    const untilMs = Math.min(endMs, Math.max(dueAtMs, Date.now() + 1), Date.now() + SOAK_TICK_MS);
    await pause(untilMs - Date.now(), signal);
  }
  return undefined;
}
