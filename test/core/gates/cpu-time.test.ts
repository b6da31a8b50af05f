import { describe, expect, it } from 'vitest';
import { cpuTimeIn } from '../../../src/core/gates/cpu-time.ts';
import type { HostSample } from '../../../src/core/gates/host-saturation.ts';

/** Seconds of a host, one sample each. */
interface Load {
  readonly seconds: number;
  readonly used: number;
  readonly pressure?: number;
  readonly tasks?: number;
}

const quiet = (seconds: number): Load => ({ seconds, used: 0.4, pressure: 0.1, tasks: 0.5 });
const full = (seconds: number, tasks?: number): Load => ({
  seconds,
  used: 1,
  pressure: 0.9,
  ...(tasks === undefined ? {} : { tasks }),
});

function samplesOf(...loads: readonly Load[]): readonly HostSample[] {
  return loads
    .flatMap((load) => Array.from({ length: load.seconds }, () => load))
    .map(({ used, pressure, tasks }, index) => ({
      atMs: (index + 1) * 1_000,
      forMs: 1_000,
      cpuUsedShare: used,
      ...(pressure === undefined ? {} : { cpuPressureShare: pressure }),
      ...(tasks === undefined ? {} : { tasksPerCore: tasks }),
      memoryAvailableBytes: 1,
      swapUsedBytes: 0,
    }));
}

describe('of a time, one task had a CPU for', () => {
  it.each<[string, readonly HostSample[], number]>([
    ['all of it without samples', [], 30],
    ['all of it on a quiet host', samplesOf(quiet(30)), 30],
    ['half of an equal share on a full host', samplesOf(full(30, 3)), 5],
    ['no more than half where fewer tasks than cores were counted', samplesOf(full(30, 0.5)), 15],
    ['nothing where the tasks were not counted', samplesOf(full(30)), 0],
    ['the rest where the host was full for a part', samplesOf(quiet(10), full(20, 2)), 15],
    ['the share among the mean number of tasks', samplesOf(full(10, 1), full(20, 4)), 5],
    ['the share among the mean, and never with fewer tasks than cores', samplesOf(full(15, 0.5), full(15, 2)), 10],
    ['the rest where the tasks were not counted for a part', samplesOf(full(18, 3), full(12)), 3],
    ['less also by a burst that is too short to mark a reading', samplesOf(quiet(14), full(2, 1), quiet(14)), 29],
    [
      'less also by a pause within a time without CPU',
      samplesOf(full(5, 1), { seconds: 1, used: 0.97, pressure: 0.9, tasks: 1 }, full(4, 1), quiet(20)),
      25,
    ],
    [
      'all of it where a process of low priority fills the host',
      samplesOf({ seconds: 30, used: 1, pressure: 0.3 }),
      30,
    ],
    ['nothing where pressure is not measured and tasks are not counted', samplesOf({ seconds: 30, used: 1 }), 0],
    [
      'the rest of what was sampled, and of the ten seconds in which a worker may get no turn',
      samplesOf(full(10, 5)),
      12,
    ],
    ['all that was not sampled after a quiet second', samplesOf(full(10, 5), quiet(1)), 21],
  ])('%s', (_, samples, seconds) => {
    expect(cpuTimeIn(samples)({ startMs: 0, endMs: 30_000 })).toBe(seconds * 1_000);
  });

  it.each([
    ['a part of a sample', 9_500, 10_500, 750],
    ['a time without length', 5_000, 5_000, 0],
    ['a time after the last sample, in which the worker got no turn', 30_000, 31_000, 500],
    ['a time long after it', 39_500, 40_500, 750],
  ])('its share of %s', (_, startMs, endMs, ms) => {
    expect(cpuTimeIn(samplesOf(quiet(10), full(20, 1)))({ startMs, endMs })).toBe(ms);
  });

  it('its share of the time between two samples in which the worker got no turn', () => {
    const [one, other] = samplesOf(full(2, 2)) as [HostSample, HostSample];
    expect(cpuTimeIn([one, { ...other, atMs: 8_000 }])({ startMs: 0, endMs: 8_000 })).toBe(2_000);
  });

  it('its share of the one sample that a starved worker gets', () => {
    const [one] = samplesOf(full(1, 2)) as [HostSample];
    expect(cpuTimeIn([{ ...one, atMs: 8_000, forMs: 8_000 }])({ startMs: 0, endMs: 8_000 })).toBe(2_000);
  });
});
