import { formatDuration } from '../text/duration.ts';
import { CLOCKS_APART_MS } from './limits.ts';

/** Both clocks of a host, read at the same moment, ms. */
export interface TwoClocks {
  /** The time of day, which somebody may set. */
  readonly wallMs: number;
  /** Time that passes, from any beginning. It does not pass while the host sleeps. */
  readonly steadyMs: number;
}

/**
 * Why moments of a stage mean nothing any more: the time of day was set while it ran, or the host slept. Undefined where the two clocks
 * went on side by side, as with the small corrections of NTP.
 */
export function clockSet(before: TwoClocks, now: TwoClocks): string | undefined {
  const byMs = Math.round(now.wallMs - before.wallMs - (now.steadyMs - before.steadyMs));
  if (Math.abs(byMs) <= CLOCKS_APART_MS) return undefined;
  const set = byMs > 0 ? 'was set forward, or the host slept,' : 'was set back';
  return `the clock of this host ${set} by ${formatDuration(Math.abs(byMs))} meanwhile: moments and durations mean nothing`;
}
