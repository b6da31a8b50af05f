import type { GateResult } from '../core/gates/model.ts';
import { SOAK_TICK_MS } from '../core/plan/limits.ts';
import { pause } from './pause.ts';

/** What is watched in a soak. Moments are ms since 1970. */
export interface WatchRequest {
  readonly settleEndMs: number;
  readonly endAtMs: number;
  readonly gateIntervalMs: number;
  readonly signal: AbortSignal;
  /** Reads the fail-fast gates. @returns the breach, if there is one */
  readonly check: () => Promise<GateResult | undefined>;
  /** Called about once a second. */
  readonly onTick: () => void;
}

/**
 * Reads the fail-fast gates at every interval after the settling, until the soak is over or a gate is breached. Nothing that
 * repairs or drives the load runs in this loop: a slow cluster does not stretch the interval. A check that takes longer than
 * the interval skips the checks that it missed.
 * @returns the breach; undefined at the end of the soak
 * @throws what `check` throws; the signal's reason
 */
export async function watchGates(request: WatchRequest): Promise<GateResult | undefined> {
  const { settleEndMs, endAtMs, gateIntervalMs, signal, check, onTick } = request;
  let nextCheckMs = Math.max(Date.now(), settleEndMs) + gateIntervalMs;
  while (Date.now() < endAtMs) {
    if (Date.now() >= nextCheckMs) {
      const breach = await check();
      if (breach !== undefined) return breach;
      nextCheckMs += gateIntervalMs * Math.ceil((Date.now() - nextCheckMs + 1) / gateIntervalMs);
    }
    onTick();
    const untilMs = Math.min(endAtMs, Math.max(nextCheckMs, Date.now() + 1), Date.now() + SOAK_TICK_MS);
    await pause(untilMs - Date.now(), signal);
  }
  return undefined;
}
