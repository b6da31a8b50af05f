import type { GateDefinition } from './model.ts';

/** The moments that gates' windows are cut from, all in ms since the epoch. */
export interface SoakWindow {
  /** End of the settle time, before which no window begins; the soak's start where there is none. */
  readonly settleEndMs: number;
  /** When the soak's time is over. No window reaches beyond it. */
  readonly soakEndMs: number;
  /** The moment of evaluation, never Prometheus' own "now". */
  readonly nowMs: number;
}

export interface TimeSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The window of one gate: `soak` = from the end of settling; a number = that long before its end, cut at the end of settling. It
 * ends now, or when the soak does: neither settling nor the wait for the last Pods is part of it.
 */
export function gateWindow(gate: Pick<GateDefinition, 'windowMs'>, soak: SoakWindow): TimeSpan {
  const endMs = Math.min(soak.nowMs, soak.soakEndMs);
  const startMs = gate.windowMs === 'soak' ? soak.settleEndMs : Math.max(soak.settleEndMs, endMs - gate.windowMs);
  return { startMs: Math.min(startMs, endMs), endMs };
}
