import { saturatedSpans, withoutCpu, type HostSample } from './host-saturation.ts';
import type { TimeSpan } from './window.ts';

/**
 * By how much a task may get less CPU than an equal share: the scheduler weighs tasks by their priority, by their session and by
 * their cgroup.
 */
const UNEQUAL_SHARE = 2;

/**
 * For how much of a time one task that always wanted a CPU had one, ms, at least. While the host had CPU left, that is all of the
 * time. While it had none, the tasks shared its cores, and half of an equal share counts; none does where the number of tasks is not
 * known. Times without samples count fully: the host is not known to be the reason for anything.
 *
 * It prepares many such questions about the same samples. @param samples in order
 */
export function cpuTimeIn(samples: readonly HostSample[]): (time: TimeSpan) => number {
  const spans = saturatedSpans(samples);
  // A loop is also late by the bursts that are too short to say that the host was saturated.
  const lacking = samples.filter(
    (sample) =>
      withoutCpu([sample]) || spans.some(({ startMs, endMs }) => startMs < sample.atMs && sample.atMs <= endMs),
  );
  return ({ startMs, endMs }) => {
    let [lackingMs, countedMs, tasks] = [0, 0, 0];
    for (const { atMs, forMs, tasksPerCore } of lacking) {
      const withinMs = Math.max(0, Math.min(atMs, endMs) - Math.max(atMs - forMs, startMs));
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
