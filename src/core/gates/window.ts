import type { GateDefinition } from './model.ts';

/** The moments that gates' windows are cut from, all in ms since the epoch. */
export interface SoakWindow {
  readonly soakStartMs: number;
  /** End of the settle time; the same as the start where there is none. */
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
 * The window of one gate: `soak` = from the end of settling; a number = that long before its end, cut at the soak's start. It ends
 * now, or when the soak does: the wait for the last Pods is not part of it.
 */
export function gateWindow(gate: Pick<GateDefinition, 'windowMs'>, soak: SoakWindow): TimeSpan {
  const endMs = Math.min(soak.nowMs, soak.soakEndMs);
  const startMs = gate.windowMs === 'soak' ? soak.settleEndMs : Math.max(soak.soakStartMs, endMs - gate.windowMs);
  return { startMs: Math.min(startMs, endMs), endMs };
}
