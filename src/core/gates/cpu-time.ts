import { SATURATED_MS, saturatedSpans, withoutCpu, type HostSample } from './host-saturation.ts';
import type { TimeSpan } from './window.ts';

/**
 * By how much a task may get less CPU than an equal share: the scheduler weighs tasks by their priority, by their session and by
 * their cgroup.
 */
const UNEQUAL_SHARE = 2;

/** For how long a worker without a turn may leave out samples, ms: for that long the host is taken to be as at the sample before. */
const NO_TURN_MS = 2 * SATURATED_MS;

/**
 * For how much of a time one task that always wanted a CPU had one, ms, at least. While the host had CPU left, that is all of the
 * time. While it had none, the tasks shared its cores, and half of an equal share counts; none does where the number of tasks is not
 * known. The time after a sample of a host without CPU, until the next one, is like it for at most `NO_TURN_MS`: the worker that
 * samples gets no turn either. Other times without samples count fully: the host is not known to be the reason for anything.
 *
 * It prepares many such questions about the same samples. @param samples in order
 */
export function cpuTimeIn(samples: readonly HostSample[]): (time: TimeSpan) => number {
  const lacking = lackingSpans(samples);
  return ({ startMs, endMs }) => {
    let [lackingMs, countedMs, tasks] = [0, 0, 0];
    for (const { span, tasksPerCore } of lacking) {
      const withinMs = Math.max(0, Math.min(span.endMs, endMs) - Math.max(span.startMs, startMs));
      lackingMs += withinMs;
      if (tasksPerCore === undefined) continue;
      countedMs += withinMs;
      tasks += Math.max(1, tasksPerCore) * withinMs;
    }
    // The mean number of tasks gives no more than the sum of the shares would.
    const share = countedMs === 0 ? 0 : countedMs / (UNEQUAL_SHARE * tasks);
    return Math.floor(Math.max(0, endMs - startMs - lackingMs + share * countedMs));
  };
}

interface LackingSpan {
  readonly span: TimeSpan;
  readonly tasksPerCore: number | undefined;
}

/** The times without CPU, each with the tasks that shared it; they do not overlap. */
function lackingSpans(samples: readonly HostSample[]): readonly LackingSpan[] {
  const spans = saturatedSpans(samples);
  return samples.flatMap((sample, index) => {
    const { atMs, forMs, tasksPerCore } = sample;
    // A loop is also late by the bursts that are too short to say that the host was saturated.
    const lacked =
      withoutCpu([sample]) || spans.some(({ startMs, endMs }) => startMs < sample.atMs && sample.atMs <= endMs);
    if (!lacked) return [];
    const next = samples[index + 1];
    const nextMs = next === undefined ? Infinity : Math.max(atMs, next.atMs - next.forMs);
    return [{ span: { startMs: atMs - forMs, endMs: Math.min(nextMs, atMs + NO_TURN_MS) }, tasksPerCore }];
  });
}
