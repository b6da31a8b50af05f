import type { PointSeries } from './answers.ts';
import { groupKey } from './quantile.ts';
import { targetKey } from './same-target.ts';
import { START_ROUNDING_MS } from './steady-targets.ts';
import type { TimeSpan } from './window.ts';

/** What is known of the last cycle of loops. */
export interface IdleFacts {
  /** Raw points of the loops' counters. */
  readonly counters: readonly PointSeries[];
  /** Raw points of `up` and of `process_start_time_seconds` of their targets. */
  readonly ups: readonly PointSeries[];
  readonly starts: readonly PointSeries[];
  /** Labels of one loop, whose series count together. Empty: series that differ only in `instance` and follow each other do. */
  readonly by: readonly string[];
  readonly atMs: number;
  /** A sample shows the state of its target at most so long after the sample's time. */
  readonly scrapeTimeoutMs: number;
}

/** For how long a loop has completed no cycle. */
export interface Idleness {
  /** In which it has certainly completed none. It ends with the last sample of the loop: what it did later is not known. */
  readonly idle: TimeSpan;
  /** How long ago its last cycle was, at most, ms. Infinity where no cycle is certain. */
  readonly highMs: number;
}

/**
 * When loops last completed a cycle. A counter that changes between two samples grew between them, unless a new process begins
 * at 0. A series that appears with a value grew before, since the last answer of its target without it, or since its process
 * started.
 */
export function idleness({ counters, ups, starts, by, atMs, scrapeTimeoutMs }: IdleFacts): readonly Idleness[] {
  const upsOf = Map.groupBy(ups, ({ labels }) => targetKey(labels));
  const startsOf = Map.groupBy(starts, ({ labels }) => targetKey(labels));
  return loopsOf(counters, by).map((loop) => {
    let [possibleMs, certainMs, lastMs] = [-Infinity, -Infinity, -Infinity];
    for (const { labels, points } of loop) {
      const answeredMs = ofTarget(upsOf, labels).flatMap((up) =>
        up.points.filter(([, value]) => value === 1).map(([ms]) => ms),
      );
      const startAt = new Map(ofTarget(startsOf, labels).flatMap((start) => start.points));
      const endMs = points.at(-1)?.[0] ?? -Infinity;
      lastMs = Math.max(lastMs, endMs);
      // A series ends with its process, which may have completed a cycle after its last answer.
      possibleMs = Math.max(possibleMs, answeredMs.find((answer) => answer > endMs) ?? -Infinity);
      for (const [index, [ms, value]] of points.entries()) {
        const before = points[index - 1];
        const [earlier, start] = [startAt.get(before?.[0] ?? 0), startAt.get(ms)];
        const restarted = earlier !== undefined && start !== undefined && earlier !== start;
        if (before !== undefined && value === before[1] && !restarted) continue;
        possibleMs = Math.max(possibleMs, ms);
        if (!(value > 0)) continue;
        const startMs = (start ?? -Infinity) * 1_000 - START_ROUNDING_MS;
        const sinceMs =
          before !== undefined && !restarted
            ? before[0]
            : Math.max(startMs, before?.[0] ?? answeredMs.findLast((answer) => answer < ms) ?? -Infinity);
        certainMs = Math.max(certainMs, sinceMs);
      }
    }
    const idle = { startMs: Math.min(possibleMs + scrapeTimeoutMs, lastMs), endMs: lastMs };
    return { idle, highMs: atMs - certainMs };
  });
}

/** A target without the label `cluster` may serve series that have one of their own. */
function ofTarget(
  targets: ReadonlyMap<string, readonly PointSeries[]>,
  labels: PointSeries['labels'],
): readonly PointSeries[] {
  return targets.get(targetKey(labels)) ?? targets.get(targetKey({ ...labels, cluster: '' })) ?? [];
}

function loopsOf(counters: readonly PointSeries[], by: readonly string[]): readonly (readonly PointSeries[])[] {
  if (by.length > 0) {
    return [...Map.groupBy(counters, ({ labels }) => JSON.stringify(by.map((name) => labels[name] ?? ''))).values()];
  }
  const alike = Map.groupBy(counters, ({ labels }) => groupKey(labels, ['instance']));
  return [...alike.values()].flatMap((series) => chains(series));
}

/** Series that follow each other in time, without overlap, are one loop. */
function chains(series: readonly PointSeries[]): readonly (readonly PointSeries[])[] {
  const loops: PointSeries[][] = [];
  for (const one of series.toSorted((a, b) => (a.points[0]?.[0] ?? 0) - (b.points[0]?.[0] ?? 0))) {
    const before = loops.find((loop) => (loop.at(-1)?.points.at(-1)?.[0] ?? 0) < (one.points[0]?.[0] ?? 0));
    if (before === undefined) loops.push([one]);
    else before.push(one);
  }
  return loops;
}
