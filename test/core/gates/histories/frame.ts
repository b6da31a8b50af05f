import { array, constant, integer, oneof, tuple, type Arbitrary } from 'fast-check';
import type { TrueGate } from './gates.ts';
import type { Span } from './world.ts';

/** When the campaigns of all histories begin. */
export const CAMPAIGN_START_MS = 1_700_000_000_000;

/** The window of a history, and what is drawn for it. */
export interface Frame {
  readonly reads: TrueGate['reads'];
  readonly intervalMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** Mostly none, so that most histories have few defects. */
export function seldom<T>(arbitrary: Arbitrary<T>, weight = 5): Arbitrary<T | undefined> {
  return oneof({ arbitrary: constant(undefined), weight }, { arbitrary, weight: 1 });
}

/** Up to so many. */
export function few<T>(arbitrary: Arbitrary<T>, most: number): Arbitrary<T[]> {
  return array(arbitrary, { maxLength: most, size: 'max' });
}

/** A moment of the campaign, more often about the window's ends. */
export function momentOf({ startMs, endMs, intervalMs }: Frame): Arbitrary<number> {
  return oneof(
    integer({ min: CAMPAIGN_START_MS, max: endMs }),
    integer({ min: startMs - 2 * intervalMs, max: startMs + 2 * intervalMs }),
    integer({ min: endMs - 3 * intervalMs, max: endMs }),
  );
}

/** A time of up to so many scrapes. */
export function spanOf(frame: Frame, scrapes: number): Arbitrary<Span> {
  return tuple(momentOf(frame), integer({ min: 100, max: scrapes * frame.intervalMs })).map(([fromMs, lengthMs]) => ({
    fromMs,
    toMs: fromMs + lengthMs,
  }));
}
