import { LATE_OPERATION_MS } from './limits.ts';

/** Operations that fell due while no worker ran are sent at this many times their own pace, or faster. */
const CATCH_UP_SPEED = 4;

/**
 * When an operation is sent, ms since 1970: at its moment, or, where it fell due before this attempt began, a little after the one
 * before it. Sent all at once, the operations of a minute would be a load that the profile does not ask for, and its latencies would
 * be charged to the system. What falls due afterwards keeps its order, and does not become late by it.
 * @param beganAtMs when this attempt began
 * @param firstDueAtMs the moment of its first operation
 */
export function caughtUpAtMs(
  dueAtMs: number,
  { beganAtMs, firstDueAtMs }: { readonly beganAtMs: number; readonly firstDueAtMs: number },
): number {
  if (firstDueAtMs >= beganAtMs) return dueAtMs;
  const speed = Math.max(CATCH_UP_SPEED, (beganAtMs - firstDueAtMs) / LATE_OPERATION_MS);
  return Math.max(dueAtMs, Math.round(beganAtMs + (dueAtMs - firstDueAtMs) / speed));
}
