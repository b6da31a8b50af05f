import { array, boolean, constant, constantFrom, integer, oneof, record, tuple, type Arbitrary } from 'fast-check';
import { CAMPAIGN_START_MS, few, momentOf, seldom, type Frame } from './frame.ts';
import type { Level, Position, Wait, Work } from './world.ts';

/** What happens at a position, before it is known which processes live. */
export interface Events extends Pick<Position, 'work' | 'waits' | 'levels' | 'bornKinds' | 'bornWaits'> {
  readonly defects: readonly string[];
}

const NOTHING: Events = { work: [], waits: [], levels: [], bornKinds: [], bornWaits: false, defects: [] };

/** Draws the events that a gate reads. */
export function eventsOf(frame: Frame): Arbitrary<Events> {
  if (frame.reads === 'work') return workOf(frame);
  return frame.reads === 'waits' ? waitsOf(frame) : levelsOf(frame);
}

/** Moments of a regular loop, which may hang. */
function beats({ intervalMs, endMs }: Frame): Arbitrary<readonly number[]> {
  return record({
    everyMs: constantFrom(0.3, 0.7, 1, 2.5, 6).map((share) => Math.round(share * intervalMs)),
    phaseMs: integer({ min: 0, max: intervalMs }),
    hangs: seldom(integer({ min: CAMPAIGN_START_MS, max: endMs })),
  }).map(({ everyMs, phaseMs, hangs }) => {
    const moments: number[] = [];
    // Some before the campaign, so that counters do not begin at 0.
    for (
      let atMs = CAMPAIGN_START_MS - 3 * everyMs + phaseMs;
      atMs <= (hangs ?? Infinity) && atMs < endMs + intervalMs;
    ) {
      moments.push(atMs);
      atMs += everyMs;
    }
    return moments;
  });
}

function workOf(frame: Frame): Arbitrary<Events> {
  const burst: Arbitrary<Work> = record({
    atMs: momentOf(frame),
    by: constantFrom(1, 3, 40),
    kind: constantFrom('ok', 'error', 'error'),
  });
  return record({
    loop: oneof({ arbitrary: beats(frame), weight: 6 }, { arbitrary: constant<readonly number[]>([]), weight: 1 }),
    bursts: few(burst, 5),
    errorIsBorn: boolean(),
    okIsBorn: seldom(constant(true)),
  }).map(({ loop, bursts, errorIsBorn, okIsBorn }) => ({
    ...NOTHING,
    work: [
      // There is always some work, so that the counters exist.
      { atMs: CAMPAIGN_START_MS - 60_000, by: 1, kind: 'ok' },
      ...loop.map((atMs) => ({ atMs, by: 1, kind: 'ok' })),
      ...bursts,
    ],
    bornKinds: [...(errorIsBorn ? ['error'] : []), ...(okIsBorn === true ? ['ok'] : [])],
    defects: errorIsBorn || okIsBorn === true ? ['born-series'] : [],
  }));
}

function waitsOf(frame: Frame): Arbitrary<Events> {
  const seconds = constantFrom(0.1, 0.4, 0.5, 0.7, 1, 1.3, 1.9, 2, 3, 3.9, 4, 5, 7, 8, 9, 30);
  return record({
    loop: oneof({ arbitrary: beats(frame), weight: 6 }, { arbitrary: constant<readonly number[]>([]), weight: 1 }),
    usual: array(seconds, { minLength: 1, maxLength: 4, size: 'max' }),
    bursts: few(record({ atMs: momentOf(frame), seconds, times: constantFrom(1, 2, 9) }), 4),
    isBorn: seldom(constant(true), 3),
  }).map(({ loop, usual, bursts, isBorn }) => ({
    ...NOTHING,
    waits: [
      { atMs: CAMPAIGN_START_MS - 60_000, seconds: 1 },
      ...loop.map((atMs, index): Wait => ({ atMs, seconds: usual[index % usual.length] ?? 1 })),
      ...bursts.flatMap(({ atMs, seconds: each, times }) =>
        Array.from({ length: times }, () => ({ atMs, seconds: each })),
      ),
    ],
    bornWaits: isBorn === true,
    defects: [
      ...(isBorn === true ? ['born-series'] : []),
      // Nothing says how long it takes where nothing happens, as in a loop that hangs.
      ...(loop.some((atMs) => atMs > frame.startMs && atMs <= frame.endMs - 2 * frame.intervalMs) ? [] : ['idle']),
    ],
  }));
}

function levelsOf(frame: Frame): Arbitrary<Events> {
  const value = oneof(
    { arbitrary: integer({ min: 0, max: 8 }), weight: 12 },
    { arbitrary: constant(undefined), weight: 1 },
    { arbitrary: constantFrom(Number.NaN, Infinity), weight: 1 },
  );
  const change: Arbitrary<Level> = record({ atMs: momentOf(frame), queue: constantFrom('a', 'b'), value });
  return tuple(few(change, 6), integer({ min: 0, max: 8 }), boolean()).map(([changes, first, both]) => {
    const odd = changes.filter((one) => one.value === undefined || !Number.isFinite(one.value));
    return {
      ...NOTHING,
      levels: [
        { atMs: CAMPAIGN_START_MS - 1_000, queue: 'a', value: first },
        ...(both ? [{ atMs: CAMPAIGN_START_MS - 1_000, queue: 'b', value: 1 }] : []),
        ...changes,
      ].toSorted((a, b) => a.atMs - b.atMs),
      defects: odd.length > 0 ? ['odd-values'] : [],
    };
  });
}
