import type { GateDefinition } from './model.ts';

/** The moments that gates' windows are cut from, all in ms since the epoch. */
export interface SoakWindow {
  readonly soakStartMs: number;
  /** End of the settle time; the same as the start where there is none. */
  readonly settleEndMs: number;
  /** The moment of evaluation: what every query is asked for, never Prometheus' own "now". */
  readonly nowMs: number;
}

export interface TimeSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** The window of one gate: `soak` = from the end of settling; a number = that long before now, cut at the soak's start. */
export function gateWindow(gate: Pick<GateDefinition, 'windowMs'>, soak: SoakWindow): TimeSpan {
  const startMs = gate.windowMs === 'soak' ? soak.settleEndMs : Math.max(soak.soakStartMs, soak.nowMs - gate.windowMs);
  return { startMs: Math.min(startMs, soak.nowMs), endMs: soak.nowMs };
}
