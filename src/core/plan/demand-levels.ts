import type { Profile } from '../model/profile.ts';
import type { Workload } from './workload.ts';

/** The steady Pods wanted of a cluster from a moment on, ms after the start of the soak. */
export interface DemandLevel {
  readonly atMs: number;
  readonly pods: number;
}

/** Products like 100 x 0.29 are slightly below the whole number, because of binary rounding. */
const ROUNDING = 1e-9;

/**
 * The demand levels of scale-downs and demand steps within the soak, in order of time, one per moment. Both are multiples of
 * `base`, rounded down. A scale-down only lowers the level; a step raises or lowers it. BigFleet's load driver does the same.
 */
export function demandLevels(load: Profile['loadProfile'], base: number): readonly DemandLevel[] {
  const changes = [
    ...load.scaleDowns.map((change) => ({ ...change, onlyDown: true })),
    ...load.demandSteps.map((change) => ({ ...change, onlyDown: false })),
  ]
    .filter(({ atSeconds }) => atSeconds < load.soakSeconds)
    .toSorted((a, b) => a.atSeconds - b.atSeconds);
  const levels = new Map<number, number>();
  let pods = base;
  for (const { atSeconds, targetMultiplier, onlyDown } of changes) {
    const asked = multipleOf(base, targetMultiplier);
    pods = onlyDown ? Math.min(pods, asked) : asked;
    // The last change during the ramp is the level at which the soak begins.
    levels.set(Math.max(0, Math.round(atSeconds * 1_000)), pods);
  }
  return [...levels].map(([atMs, level]) => ({ atMs, pods: level }));
}

/** Whole Pods of a multiple of a target. */
export function multipleOf(pods: number, multiplier: number): number {
  return Math.floor(pods * multiplier + ROUNDING);
}

/**
 * The steady slots in the order in which a rising level fills them: at a level of n, the first n are wanted. Growth by demand
 * steps comes last. Before it come the largest workloads, because a scale-down removes the largest first, as in BigFleet.
 */
export function slotsByLevel(base: readonly Workload[], growth: readonly Workload[]): readonly number[] {
  const smallestFirst = base.toSorted((a, b) => a.replicas - b.replicas);
  return [...smallestFirst, ...growth].flatMap(({ firstSlot, replicas }) =>
    Array.from({ length: replicas }, (_, replica) => firstSlot + replica),
  );
}
