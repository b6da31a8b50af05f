import { freshMsOf, processAt, type Position, type World } from './world.ts';
import type { Seen } from './recorded.ts';

/** The true value; two where the moment of a scrape decides. Undefined: nothing can be known, and no verdict is right. */
export interface Truth {
  readonly low: number;
  readonly high: number;
}

/** A part of a window, left-open, in the time of the processes. */
interface Part {
  readonly fromMs: number;
  readonly toMs: number;
}

type SeenBy = (position: Position) => readonly Seen[];

/**
 * The window as the scrapes of one position show it: from the last answer at or before its start to the last one at or before its
 * end. Answers older than a sample may be are none: then the window's own end counts. Two windows where the process that answered
 * before the start ended before it: the new one may have done something before the window.
 */
function windowsOf(world: World, position: Position, seen: readonly Seen[]): readonly Part[] {
  const { windowStartMs, windowEndMs } = world;
  const toMs = stateAt(world, seen, windowEndMs) ?? windowEndMs;
  const fromMs = stateAt(world, seen, windowStartMs) ?? windowStartMs;
  if (processAt(position, fromMs) === processAt(position, windowStartMs)) return [{ fromMs, toMs }];
  return [fromMs, windowStartMs].map((one) => ({ fromMs: one, toMs }));
}

/** The moment that the last answer up to a moment shows; undefined where it is too old. */
function stateAt(world: World, seen: readonly Seen[], atMs: number): number | undefined {
  const last = seen.findLast((one) => one.atMs <= atMs);
  return last === undefined || last.atMs <= atMs - freshMsOf(world) ? undefined : last.stateMs;
}

function inPart<T extends { readonly atMs: number }>(events: readonly T[], { fromMs, toMs }: Part): readonly T[] {
  return events.filter(({ atMs }) => atMs > fromMs && atMs <= toMs);
}

/** How much work of some kinds was done. */
export function workDone(world: World, seenBy: SeenBy, kinds?: readonly string[]): Truth {
  const each = world.positions.map((position) =>
    hull(windowsOf(world, position, seenBy(position)).map((part) => exactly(workIn(position, part, kinds)))),
  );
  return { low: total(each.map(({ low }) => low)), high: total(each.map(({ high }) => high)) };
}

function workIn({ work }: Position, part: Part, kinds: readonly string[] | undefined): number {
  return inPart(work, part).reduce(
    (sum, { by, kind }) => sum + (kinds === undefined || kinds.includes(kind) ? by : 0),
    0,
  );
}

/** The quantile of all waits, or the highest of the positions' quantiles. Undefined where nothing happened. */
export function waitQuantile(world: World, seenBy: SeenBy, phi: number, each: boolean): Truth | undefined {
  const waits = world.positions.map((position) =>
    windowsOf(world, position, seenBy(position)).map((part) =>
      inPart(position.waits, part).map(({ seconds }) => seconds),
    ),
  );
  const found = combinations(waits).flatMap((groups) => {
    const quantiles = (each ? groups : [groups.flat()]).flatMap((group) => orderStatistic(group, phi) ?? []);
    return quantiles.length === 0 ? [] : [exactly(Math.max(...quantiles))];
  });
  return found.length === 0 ? undefined : hull(found);
}

function combinations<T>(choices: readonly (readonly T[])[]): readonly (readonly T[])[] {
  return choices.reduce<readonly (readonly T[])[]>(
    (found, choice) => found.flatMap((before) => choice.map((one) => [...before, one])),
    [[]],
  );
}

function hull(truths: readonly Truth[]): Truth {
  return { low: Math.min(...truths.map(({ low }) => low)), high: Math.max(...truths.map(({ high }) => high)) };
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0);
}

/** The value that a share `phi` of the values do not exceed. */
function orderStatistic(values: readonly number[], phi: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(phi * sorted.length * (1 - 1e-9)) - 1)];
}

/** Seconds for which the position that is idle longest has done no work. */
export function idleSeconds(world: World, seenBy: SeenBy): Truth {
  const ages = world.positions.flatMap((position) => {
    const bornMs = position.processes[0]?.fromMs ?? Infinity;
    if (bornMs > world.windowEndMs) return [];
    const idleAt = (atMs: number): number => {
      const last = position.work.findLast((one) => one.atMs <= atMs && one.by > 0)?.atMs;
      return (atMs - Math.max(bornMs, last ?? -Infinity)) / 1_000;
    };
    const toMs = stateAt(world, seenBy(position), world.windowEndMs) ?? world.windowEndMs;
    return [
      {
        low: Math.min(idleAt(world.windowEndMs), idleAt(Math.max(toMs, world.windowEndMs))),
        high: Math.max(idleAt(toMs), idleAt(world.windowEndMs)),
      },
    ];
  });
  return { low: Math.max(...ages.map(({ low }) => low)), high: Math.max(...ages.map(({ high }) => high)) };
}

/** The values of the gauge at the window's end. Undefined where one of the positions is dead, silent, or says no number. */
export function depths(
  world: World,
  seenBy: SeenBy,
): readonly { readonly queue: string; readonly value: number }[] | undefined {
  const found: { queue: string; value: number }[] = [];
  for (const position of world.positions) {
    const shownMs = stateAt(world, seenBy(position), world.windowEndMs);
    if (shownMs === undefined && processAt(position, world.windowEndMs) === undefined) return undefined;
    const atMs = shownMs ?? world.windowEndMs;
    const byQueue = new Map<string, number | undefined>();
    for (const level of position.levels) if (level.atMs <= atMs) byQueue.set(level.queue, level.value);
    for (const [queue, value] of byQueue) if (value !== undefined) found.push({ queue, value });
  }
  return found.some(({ value }) => Number.isNaN(value)) ? undefined : found;
}

/**
 * The highest value of the gauge in the window. Lower than that where it was higher for less time than samples may be missing.
 */
export function highestDepth(world: World): Truth | undefined {
  const { windowStartMs, windowEndMs, scrapeIntervalMs } = world;
  const seenForMs = freshMsOf(world) + 2 * scrapeIntervalMs;
  const lasting: number[] = [];
  const ever: number[] = [];
  for (const position of world.positions) {
    for (const queue of new Set(position.levels.map((level) => level.queue))) {
      const levels = position.levels.filter((level) => level.queue === queue);
      for (const [index, { atMs, value }] of levels.entries()) {
        const untilMs = levels[index + 1]?.atMs ?? Infinity;
        for (const process of position.processes) {
          const fromMs = Math.max(atMs, process.fromMs);
          const toMs = Math.min(untilMs, process.toMs);
          const isSeen = toMs > windowStartMs - 2 * scrapeIntervalMs && fromMs < windowEndMs + scrapeIntervalMs;
          if (value === undefined || toMs <= fromMs || !isSeen) continue;
          ever.push(value);
          if (Math.min(toMs, windowEndMs) - Math.max(fromMs, windowStartMs) >= seenForMs) lasting.push(value);
        }
      }
    }
  }
  const numbers = ever.filter((value) => Number.isFinite(value));
  if (numbers.length === 0 || lasting.some((value) => !Number.isFinite(value))) return undefined;
  return { low: Math.max(Math.min(...numbers), ...lasting), high: Math.max(...numbers) };
}

/** The window as `rate()` sees it: from the first answer in it to the last, unless they are far from its ends. */
function sampledWindow(world: World, seen: readonly Seen[]): Part & { readonly sampledMs: number } {
  const { windowStartMs, windowEndMs } = world;
  const fresh = freshMsOf(world);
  const inside = seen.filter(({ atMs }) => atMs > windowStartMs && atMs <= windowEndMs);
  const first = inside.find(({ atMs }) => atMs < windowStartMs + fresh);
  const last = inside.findLast(({ atMs }) => atMs > windowEndMs - fresh);
  const sampledMs = (last?.atMs ?? windowEndMs) - (first?.atMs ?? windowStartMs);
  return { fromMs: first?.stateMs ?? windowStartMs, toMs: last?.stateMs ?? windowEndMs, sampledMs };
}

/** Work per second of each position. `rate()` extrapolates: not at all to fully. */
export function workRates(world: World, seenBy: SeenBy, kinds?: readonly string[]): readonly Truth[] {
  const windowMs = world.windowEndMs - world.windowStartMs;
  return world.positions.map((position) => {
    const part = sampledWindow(world, seenBy(position));
    const grown = workIn(position, part, kinds);
    return { low: (grown / windowMs) * 1_000, high: (grown / Math.min(windowMs, Math.max(1, part.sampledMs))) * 1_000 };
  });
}

/** Lowest and highest quantile that the waits can have when each position counts with a weight that `rate()` may give it. */
export function ratedQuantile(world: World, seenBy: SeenBy, phi: number, each: boolean): Truth | undefined {
  const windowMs = world.windowEndMs - world.windowStartMs;
  const parts = world.positions.map((position) => {
    const part = sampledWindow(world, seenBy(position));
    return {
      waits: inPart(position.waits, part).map(({ seconds }) => seconds),
      most: windowMs / Math.min(windowMs, Math.max(1, part.sampledMs)),
    };
  });
  if (each) {
    const quantiles = parts.flatMap(({ waits }) => orderStatistic(waits, phi) ?? []);
    return quantiles.length === 0 ? undefined : exactly(Math.max(...quantiles));
  }
  const found: number[] = [];
  for (let corner = 0; corner < 2 ** parts.length; corner++) {
    const weighted = parts.flatMap(({ waits, most }, index) =>
      waits.map((seconds) => ({ seconds, weight: (corner >> index) % 2 === 0 ? 1 : most })),
    );
    const quantile = weightedQuantile(weighted, phi);
    if (quantile !== undefined) found.push(quantile);
  }
  return found.length === 0 ? undefined : { low: Math.min(...found), high: Math.max(...found) };
}

function weightedQuantile(
  values: readonly { readonly seconds: number; readonly weight: number }[],
  phi: number,
): number | undefined {
  const sorted = [...values].sort((a, b) => a.seconds - b.seconds);
  const rank = phi * sorted.reduce((sum, { weight }) => sum + weight, 0) * (1 - 1e-9);
  let sum = 0;
  return sorted.find(({ weight }) => (sum += weight) >= rank)?.seconds;
}

export function exactly(value: number): Truth {
  return { low: value, high: value };
}
