import type { PointSeries, Sample } from './answers.ts';
import { groupKey } from './quantile.ts';
import type { TimeSpan } from './window.ts';

/** Samples on both sides of a counter reset must be at most this far apart for the reset to be bridged. */
export const RESET_COVER_MS = 15_000;

/** What is known of a counter over a window; every list is keyed by the series' labels. */
export interface CounterEvidence {
  /** Value at the window's start. */
  readonly atStart: readonly Sample[];
  /** Last value within the window, also of series that ended in it. */
  readonly atEnd: readonly Sample[];
  /** `resets()` over the window. */
  readonly resets: readonly Sample[];
  /** Raw points within the window, asked only for series that were reset. */
  readonly raw: readonly PointSeries[];
  /** `up` at the window's start: targets that were watched then. */
  readonly upAtStart: readonly Sample[];
  /** `process_start_time_seconds` at the window's end. */
  readonly processStarts: readonly Sample[];
}

export type DeltaResult =
  | { readonly kind: 'value'; readonly value: number; readonly resets: number }
  | { readonly kind: 'uncovered'; readonly detail: string };

/** Series whose raw points are needed: reset within the window, or lower at its end than at its start. */
export function resetSeries(evidence: Pick<CounterEvidence, 'atStart' | 'atEnd' | 'resets'>): readonly Sample[] {
  const start = byKey(evidence.atStart);
  const resets = byKey(evidence.resets);
  return evidence.atEnd.filter((sample) => {
    const key = groupKey(sample.labels);
    return (resets.get(key)?.value ?? 0) > 0 || sample.value < (start.get(key)?.value ?? 0);
  });
}

/**
 * How much a counter grew between the window's two ends, summed over its series, exactly (no extrapolation). A series
 * born in the window starts from 0, if its target was watched before or its process started in the window. A reset is
 * bridged by what was counted before and after it, if scrapes lie close on both sides; otherwise nothing is claimed.
 */
export function counterDelta(evidence: CounterEvidence, window: TimeSpan): DeltaResult {
  const start = byKey(evidence.atStart);
  const raw = new Map(evidence.raw.map((series) => [groupKey(series.labels), series]));
  const doubtful = new Set(resetSeries(evidence).map((sample) => groupKey(sample.labels)));
  let total = 0;
  let resets = 0;
  for (const end of evidence.atEnd) {
    const key = groupKey(end.labels);
    const begin = start.get(key)?.value ?? bornAt(end, evidence, window);
    if (begin === undefined) {
      return {
        kind: 'uncovered',
        detail: `${describe(end)} has no value at the window's start and no known birth in it`,
      };
    }
    if (!doubtful.has(key)) {
      total += end.value - begin;
      continue;
    }
    const bridged = bridge(raw.get(key)?.points ?? [], begin, window.startMs);
    if (bridged.kind === 'uncovered') return { ...bridged, detail: `${describe(end)} ${bridged.detail}` };
    total += bridged.value;
    resets += bridged.resets;
  }
  return { kind: 'value', value: total, resets };
}

/** Growth over points that may fall back to a lower value, each fall bridged where its two samples lie close together. */
function bridge(points: readonly (readonly [number, number])[], begin: number, startMs: number): DeltaResult {
  let [previousMs, previous] = [startMs, begin];
  let value = 0;
  let resets = 0;
  for (const [atMs, current] of points) {
    if (current < previous) {
      if (atMs - previousMs > RESET_COVER_MS) {
        const seconds = Math.round((atMs - previousMs) / 1000);
        return { kind: 'uncovered', detail: `was reset with ${seconds} s between the samples around it` };
      }
      resets += 1;
      value += current;
    } else {
      value += current - previous;
    }
    [previousMs, previous] = [atMs, current];
  }
  if (points.length === 0) return { kind: 'uncovered', detail: 'was reset and its samples could not be had' };
  return { kind: 'value', value, resets };
}

function bornAt(end: Sample, evidence: CounterEvidence, window: TimeSpan): 0 | undefined {
  const sameTarget = (other: Sample): boolean =>
    ['job', 'instance', 'cluster'].every((label) => other.labels[label] === end.labels[label]);
  if (evidence.upAtStart.some(sameTarget)) return 0;
  const started = evidence.processStarts.find(sameTarget);
  // Process start times are given in whole jiffies at best; half a second covers their rounding.
  return started !== undefined && started.value * 1000 >= window.startMs - 500 ? 0 : undefined;
}

function byKey(samples: readonly Sample[]): ReadonlyMap<string, Sample> {
  return new Map(samples.map((sample) => [groupKey(sample.labels), sample]));
}

function describe(sample: Sample): string {
  const { __name__: name, ...labels } = sample.labels;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name ?? 'the counter'}{${pairs.join(',')}}`;
}
