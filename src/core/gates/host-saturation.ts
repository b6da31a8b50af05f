import type { TimeSpan } from './window.ts';

/** What a worker measured of its host over a short time, about a second. Shares are 0 to 1. */
export interface HostSample {
  /** When the sample ended, ms since 1970. */
  readonly atMs: number;
  /** The time that it covers, ms. */
  readonly forMs: number;
  /** Share of the CPU that was used: of all cores, or of the limit of the worker's cgroup if more of that was used. */
  readonly cpuUsedShare: number;
  /** Share of the time in which at least one task waited for a CPU. Absent where the kernel does not measure it. */
  readonly cpuPressureShare?: number;
  /** Tasks that ran or waited for a CPU at the end of the sample, for each core. Absent where that is not known. */
  readonly tasksPerCore?: number;
  readonly memoryAvailableBytes: number;
  readonly swapUsedBytes: number;
}

/** A host has no CPU left when this share of it is used, ... */
const SATURATED_USED_SHARE = 0.98;
/** ... and tasks wait for it for this share of the time, ... A process that uses every core and makes no task wait costs nothing. */
const SATURATED_PRESSURE_SHARE = 0.5;
/** ... both over this time, ms. Shorter bursts are normal: a garbage collection, a process that starts. */
export const SATURATED_MS = 5_000;
/** A reading is marked when its host had no CPU left for more than this share of its window. */
export const HOST_BUSY_SHARE = 0.1;

/** Samples further apart than this do not follow one another: no worker ran between them. */
const CONTIGUOUS_MS = 2_000;
/** With samples for less than this share of a time, the state of the host is not known. */
export const KNOWN_SHARE = 0.5;

/** The times in which a host had no CPU left, in order and apart from each other. @param samples in order */
export function saturatedSpans(samples: readonly HostSample[]): readonly TimeSpan[] {
  const spans: TimeSpan[] = [];
  for (let last = 0; last < samples.length; last++) {
    const span = saturatedUntil(samples, last);
    if (span === undefined) continue;
    const before = spans.at(-1);
    if (before !== undefined && span.startMs <= before.endMs) {
      spans[spans.length - 1] = { startMs: Math.min(before.startMs, span.startMs), endMs: span.endMs };
    } else spans.push(span);
  }
  return spans;
}

/** The shortest time of at least `SATURATED_MS` that ends with a sample, if the host was saturated on average over it. */
function saturatedUntil(samples: readonly HostSample[], last: number): TimeSpan | undefined {
  let coveredMs = 0;
  let next: HostSample | undefined;
  for (let index = last; index >= 0; index--) {
    const sample = samples[index] as HostSample;
    if (next !== undefined && next.atMs - next.forMs - sample.atMs > CONTIGUOUS_MS) return undefined;
    next = sample;
    coveredMs += sample.forMs;
    if (coveredMs < SATURATED_MS) continue;
    return withoutCpu(samples.slice(index, last + 1))
      ? { startMs: sample.atMs - sample.forMs, endMs: (samples[last] as HostSample).atMs }
      : undefined;
  }
  return undefined;
}

/** Whether a host had no CPU left on average over these samples. */
export function withoutCpu(samples: readonly HostSample[]): boolean {
  let [coveredMs, usedMs, waitedMs] = [0, 0, 0];
  for (const { forMs, cpuUsedShare, cpuPressureShare } of samples) {
    coveredMs += forMs;
    usedMs += cpuUsedShare * forMs;
    // Without a measure of pressure the used share decides alone.
    waitedMs += (cpuPressureShare ?? 1) * forMs;
  }
  return usedMs >= SATURATED_USED_SHARE * coveredMs && waitedMs >= SATURATED_PRESSURE_SHARE * coveredMs;
}

/**
 * The share of a time in which the host had no CPU left, 0 to 1 with three digits; undefined where its state is not known. It prepares many such
 * questions about the same samples. @param samples in order
 */
export function hostBusyIn(samples: readonly HostSample[]): (time: TimeSpan) => number | undefined {
  const sampled = samples.map(({ atMs, forMs }) => ({ startMs: atMs - forMs, endMs: atMs }));
  const saturated = saturatedSpans(samples);
  return (time) => {
    const lengthMs = time.endMs - time.startMs;
    if (lengthMs <= 0 || overlapMs(sampled, time) < KNOWN_SHARE * lengthMs) return undefined;
    const last = lastSaturated(samples, saturated.at(-1)?.endMs ?? -Infinity, time.endMs);
    const busyMs = overlapMs(last === undefined ? saturated : [...saturated, last], time);
    return Math.round(Math.min(1, busyMs / lengthMs) * 1_000) / 1_000;
  };
}

/**
 * The time before a reading in which the host seems to have no CPU left, though not yet for as long as it takes to be sure; and the
 * time for which the worker that reads had no turn to sample it. A breach ends the soak for good, so it does not wait for the rest.
 * @param fromMs end of what is known to be saturated
 */
function lastSaturated(samples: readonly HostSample[], fromMs: number, endMs: number): TimeSpan | undefined {
  const last = samples.at(-1);
  if (last === undefined || last.atMs < endMs - 2 * SATURATED_MS || last.atMs > endMs + CONTIGUOUS_MS) return undefined;
  let startMs = last.atMs;
  for (let index = samples.length - 1; index >= 0; index--) {
    const sample = samples[index] as HostSample;
    if (sample.atMs <= fromMs || startMs - sample.atMs > CONTIGUOUS_MS || !withoutCpu([sample])) break;
    startMs = sample.atMs - sample.forMs;
  }
  const hadNoTurn = endMs - last.atMs > CONTIGUOUS_MS;
  const span = { startMs, endMs: hadNoTurn ? endMs : last.atMs };
  return span.startMs < span.endMs ? span : undefined;
}

/** The worse of two hosts' shares. A busy host is enough; that neither is busy has to be known of both. */
export function worstBusy(one: number | undefined, other: number | undefined): number | undefined {
  const known = Math.max(one ?? 0, other ?? 0);
  return known > HOST_BUSY_SHARE || (one !== undefined && other !== undefined) ? known : undefined;
}

/** Whether a reading is marked: its host had no CPU left for a part of its window that may have changed its value. */
export function isHostBusy({ hostBusy }: { readonly hostBusy?: number }): boolean {
  return hostBusy !== undefined && hostBusy > HOST_BUSY_SHARE;
}

function overlapMs(spans: readonly TimeSpan[], time: TimeSpan): number {
  return spans.reduce(
    (sum, { startMs, endMs }) => sum + Math.max(0, Math.min(endMs, time.endMs) - Math.max(startMs, time.startMs)),
    0,
  );
}
