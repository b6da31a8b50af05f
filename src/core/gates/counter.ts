import type { PointSeries, Sample } from './answers.ts';
import { groupKey } from './quantile.ts';
import type { TimeSpan } from './window.ts';

/** Samples on both sides of a counter reset must be at most this far apart for the reset to be bridged. */
const RESET_COVER_MS = 15_000;

/** What is known of a counter over a window; every list is keyed by the series' labels. */
export interface CounterEvidence {
  /** Value at the window's start. */
  readonly atStart: readonly Sample[];
  /** Last value within the window, also of series that ended in it. */
  readonly atEnd: readonly Sample[];
  /** `resets()` over the window. */
  readonly resets: readonly Sample[];
  /** Raw points within the window, asked only for series that were or may have been reset. */
  readonly raw: readonly PointSeries[];
  /** `up` at the window's start: targets that were watched then. */
  readonly upAtStart: readonly Sample[];
  /** `process_start_time_seconds` at the window's end. */
  readonly processStarts: readonly Sample[];
}

/** What Prometheus answered about a counter, or why it did not. */
export type CounterAnswer =
  { readonly ok: true; readonly evidence: CounterEvidence } | { readonly ok: false; readonly error: string };

/** How much a counter grew, or why that is not known. */
export type DeltaResult =
  | { readonly kind: 'value'; readonly value: number; readonly resets: number }
  | { readonly kind: 'uncovered'; readonly detail: string };

/**
 * Series whose raw points are needed: reset within the window, lower at its end than at its start, or of a process that
 * started in the window, whose counter may have overtaken its old value between two scrapes.
 */
export function resetSeries(evidence: Omit<CounterEvidence, 'raw'>, window: TimeSpan): readonly Sample[] {
  const start = byKey(evidence.atStart);
  const resets = byKey(evidence.resets);
  return evidence.atEnd.filter((sample) => {
    const key = groupKey(sample.labels);
    const before = start.get(key)?.value;
    if ((resets.get(key)?.value ?? 0) > 0 || sample.value < (before ?? 0)) return true;
    return before !== undefined && startedInMs(sample, evidence.processStarts, window) !== undefined;
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
  const doubtful = new Set(resetSeries(evidence, window).map((sample) => groupKey(sample.labels)));
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
    const startedMs = startedInMs(end, evidence.processStarts, window);
    const bridged = bridge(raw.get(key)?.points ?? [], begin, window.startMs, startedMs);
    if (bridged.kind === 'uncovered') return { ...bridged, detail: `${describe(end)} ${bridged.detail}` };
    total += bridged.value;
    resets += bridged.resets;
  }
  return { kind: 'value', value: total, resets };
}

/**
 * Growth over points that may fall back to a lower value, each fall bridged where its two samples lie close together. The
 * start of the process between two samples is a fall too, whatever they say.
 */
function bridge(
  points: readonly (readonly [number, number])[],
  begin: number,
  startMs: number,
  startedMs: number | undefined,
): DeltaResult {
  let [previousMs, previous] = [startMs, begin];
  let value = 0;
  let resets = 0;
  for (const [atMs, current] of points) {
    const restarted = startedMs !== undefined && previousMs < startedMs && startedMs <= atMs;
    if (current < previous || restarted) {
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
  if (evidence.upAtStart.some((up) => up.value === 1 && ofSameTarget(up, end))) return 0;
  return startedInMs(end, evidence.processStarts, window) === undefined ? undefined : 0;
}

/** When the process behind a series started, if that was within the window. */
function startedInMs(sample: Sample, processStarts: readonly Sample[], window: TimeSpan): number | undefined {
  const startMs = (processStarts.find((started) => ofSameTarget(started, sample))?.value ?? 0) * 1_000;
  // Process start times are given in whole jiffies at best; half a second covers their rounding.
  return startMs >= window.startMs - 500 ? startMs : undefined;
}

function ofSameTarget(one: Sample, other: Sample): boolean {
  return ['job', 'instance', 'cluster'].every((label) => one.labels[label] === other.labels[label]);
}

function byKey(samples: readonly Sample[]): ReadonlyMap<string, Sample> {
  return new Map(samples.map((sample) => [groupKey(sample.labels), sample]));
}

function describe(sample: Sample): string {
  const { __name__: name, ...labels } = sample.labels;
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return `${name ?? 'the counter'}{${pairs.join(',')}}`;
}
