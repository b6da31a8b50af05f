/** The part of teardown that is paid for, in seconds. */
const TEARDOWN_SECONDS = 600;

/**
 * The least that a campaign takes until it closes, in ms: ramp and soak. A running campaign closes when `budget.wallClock` has
 * passed, and the time of its teardown is not counted.
 */
export function leastMs(rampSeconds: number, soakSeconds: number): number {
  return (rampSeconds + soakSeconds) * 1_000;
}

/**
 * How long a campaign is expected to need its hosts, in ms: ramp, soak and ten minutes of teardown. BigFleet computes its
 * cost estimate from the same sum.
 */
export function expectedMs(rampSeconds: number, soakSeconds: number): number {
  return (rampSeconds + soakSeconds + TEARDOWN_SECONDS) * 1_000;
}
