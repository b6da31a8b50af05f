/*
 * How BigFleet's runner and load driver read the times of a profile, where that differs from Belay's version of the format.
 */

/** Soak of a profile whose soakSeconds is 0 or absent. BigFleet's runner soaks for ten minutes then. */
const DEFAULT_SOAK_SECONDS = 600;

/** Length of the soak in seconds for the value in the file. */
export function soakSecondsOf(written: number): number {
  return written === 0 ? DEFAULT_SOAK_SECONDS : written;
}

/** Lists of `loadProfile` whose times count from the start of the load driver, before the ramp. */
export const DRIVER_EVENTS = ['bursts', 'scaleDowns', 'demandSteps'] as const;

/**
 * A time of the load driver as seconds into the soak. Below 0 it lies in the ramp. Belay applies such a change when the soak
 * begins, because BigFleet's driver also fills its clusters first; the changes keep their order.
 */
export function intoSoak(atSeconds: number, rampSeconds: number): number {
  return atSeconds - rampSeconds;
}

/** The inverse of `intoSoak`. */
export function sinceDriverStart(atSeconds: number, rampSeconds: number): number {
  return atSeconds + rampSeconds;
}
