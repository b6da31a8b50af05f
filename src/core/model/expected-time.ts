/** The part of teardown that is paid for, in seconds. */
const TEARDOWN_SECONDS = 600;

/**
 * How long a campaign is expected to need its hosts, in ms: ramp, soak and ten minutes of teardown. BigFleet computes its
 * cost estimate from the same sum.
 */
export function expectedMs(rampSeconds: number, soakSeconds: number): number {
  return (rampSeconds + soakSeconds + TEARDOWN_SECONDS) * 1_000;
}
