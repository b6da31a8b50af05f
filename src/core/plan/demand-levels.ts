import type { Profile } from '../model/profile.ts';
import type { Workload } from './workload.ts';

/** The steady Pods wanted of a cluster from a moment on, ms after the start of the soak. */
export interface DemandLevel {
  readonly atMs: number;
  readonly pods: number;
}

/** Products like 100 x 0.29 come out a hair below the whole number they mean. */
const ROUNDING = 1e-9;

/**
 * The levels that scale-downs and demand steps ask for, in order of time, one a moment, of those within the soak. A scale-down
 * only ever lowers the level, a step goes either way; both are multiples of `base`, rounded down
 * (`reference/bigfleet-harness.md` §16).
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
    // Of those in the ramp the last one is the level that the soak begins with.
    levels.set(Math.max(0, Math.round(atSeconds * 1_000)), pods);
  }
  return [...levels].map(([atMs, level]) => ({ atMs, pods: level }));
}

/** Whole Pods of a multiple of a target. */
export function multipleOf(pods: number, multiplier: number): number {
  return Math.floor(pods * multiplier + ROUNDING);
}

/**
 * The steady slots in the order in which a growing level takes them: at a level of n the first n are wanted. What steps add
 * comes last; before that the largest workloads, which are the first to go (`reference/bigfleet-harness.md` §16).
 */
export function slotsByLevel(base: readonly Workload[], growth: readonly Workload[]): readonly number[] {
  const smallestFirst = base.toSorted((a, b) => a.replicas - b.replicas);
  return [...smallestFirst, ...growth].flatMap(({ firstSlot, replicas }) =>
    Array.from({ length: replicas }, (_, replica) => firstSlot + replica),
  );
}
