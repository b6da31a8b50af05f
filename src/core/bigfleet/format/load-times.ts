/*
 * What BigFleet's runner and load driver make of a profile's times, where that differs from Belay's own version of the
 * format. Files of its version are read in its sense.
 */

/** Soak of a file that says 0 seconds or nothing (`reference/bigfleet-harness.md` §2). */
const UPSTREAM_SOAK_SECONDS = 600;

/** The soak that a file means: upstream's runner takes none for ten minutes. */
export function soakSecondsOf(written: number, upstream: boolean): number {
  return upstream && written === 0 ? UPSTREAM_SOAK_SECONDS : written;
}

/** Whether upstream's driver acts on a scale-down: others it passes over (`reference/bigfleet-harness.md` §3). */
export function isDrop(targetMultiplier: number): boolean {
  return targetMultiplier > 0 && targetMultiplier < 1;
}

/**
 * Lists of `loadProfile` whose times upstream's load driver counts from its own start, before the ramp
 * (`reference/bigfleet-harness.md` §3, §16). Those of `runnerActions` count from the start of the soak, as all of Belay's do.
 */
export const DRIVER_EVENTS = ['bursts', 'scaleDowns', 'demandSteps'] as const;

/**
 * A moment of the driver as seconds into the soak. Below 0 it lies in the ramp: it is done as the soak begins, since the
 * driver fills first, but keeps its order among the others, and its moment for the driver itself.
 */
export function intoSoak(atSeconds: number, rampSeconds: number): number {
  return atSeconds - rampSeconds;
}

/** A moment of the soak as the driver counts it. */
export function sinceDriverStart(atSeconds: number, rampSeconds: number): number {
  return atSeconds + rampSeconds;
}
