import { describe, expect, it } from 'vitest';
import { hostBusyIn, saturatedSpans, type HostSample } from '../../../src/core/gates/host-saturation.ts';

const FULL = [1, 0.9] as const;
const IDLE = [0.2, 0.1] as const;

/** A sample a second from 0 on. @param loads of [used share, pressure share] */
function samplesOf(...loads: readonly (readonly [used: number, pressure?: number])[]): readonly HostSample[] {
  return loads.map(([cpuUsedShare, cpuPressureShare], index) => ({
    atMs: (index + 1) * 1_000,
    forMs: 1_000,
    cpuUsedShare,
    ...(cpuPressureShare === undefined ? {} : { cpuPressureShare }),
    memoryAvailableBytes: 1,
    swapUsedBytes: 0,
  }));
}

function times<T>(count: number, value: T): readonly T[] {
  return Array.from({ length: count }, () => value);
}

describe('a host', () => {
  it.each<[string, readonly HostSample[], readonly (readonly [number, number])[]]>([
    ['that is not sampled', [], []],
    ['that is idle', samplesOf(...times(20, IDLE)), []],
    ['that is full for 4 s', samplesOf(IDLE, ...times(4, FULL), IDLE), []],
    ['that is full for 5 s', samplesOf(IDLE, ...times(5, FULL), IDLE), [[1_000, 6_000]]],
    ['that is full for 9 s', samplesOf(IDLE, ...times(9, FULL), IDLE), [[1_000, 10_000]]],
    ['with pauses of a moment', samplesOf(...times(3, FULL), [0.93, 0.9], ...times(3, FULL)), [[0, 7_000]]],
    [
      'that is full twice',
      samplesOf(...times(5, FULL), ...times(9, IDLE), ...times(5, FULL)),
      [
        [0, 5_000],
        [14_000, 19_000],
      ],
    ],
    ['whose CPU is used by a process of low priority', samplesOf(...times(20, [1, 0.3] as const)), []],
    ['whose tasks wait although CPU is left', samplesOf(...times(20, [0.9, 1] as const)), []],
    ['that does not measure pressure', samplesOf(...times(5, [0.99] as const)), [[0, 5_000]]],
    ['that does not measure pressure and has CPU left', samplesOf(...times(20, [0.97] as const)), []],
  ])('%s', (_, samples, spans) => {
    expect(saturatedSpans(samples).map(({ startMs, endMs }) => [startMs, endMs])).toEqual(spans);
  });

  it('that starves the worker is seen by the one sample that it gets', () => {
    const [one] = samplesOf(FULL) as [HostSample];
    expect(saturatedSpans([{ ...one, atMs: 8_000, forMs: 8_000 }])).toEqual([{ startMs: 0, endMs: 8_000 }]);
  });

  it('is not known between two workers', () => {
    const samples = samplesOf(...times(6, FULL)).map((one, index) =>
      index < 3 ? one : { ...one, atMs: one.atMs + 10_000 },
    );
    expect(saturatedSpans(samples)).toEqual([]);
  });
});

describe('the share of a window', () => {
  const samples = samplesOf(...times(10, IDLE), ...times(10, FULL), ...times(10, IDLE));
  const busyIn = hostBusyIn(samples);

  it.each([
    ['all of it', 10_000, 20_000, 1],
    ['a half', 5_000, 15_000, 0.5],
    ['a third', 0, 30_000, 0.333],
    ['none', 0, 10_000, 0],
    ['its beginning, by samples from before it', 18_000, 28_000, 0.2],
  ])('is %s', (_, startMs, endMs, share) => {
    expect(busyIn({ startMs, endMs })).toBe(share);
  });

  it.each([
    ['an empty window', 5_000, 5_000],
    ['a window without samples', 40_000, 50_000],
    ['a window with samples for less than half of it', 25_000, 45_000],
  ])('is not known for %s', (_, startMs, endMs) => {
    expect(busyIn({ startMs, endMs })).toBeUndefined();
  });
});

function busyAt(samples: readonly HostSample[], endMs: number): number | undefined {
  return hostBusyIn(samples)({ startMs: 0, endMs });
}

describe('the last seconds before a reading', () => {
  it('count as full although they are not yet enough to be sure', () => {
    expect(busyAt(samplesOf(...times(16, IDLE), ...times(4, FULL)), 20_000)).toBe(0.2);
  });

  it('count once, where they continue what is known', () => {
    expect(busyAt(samplesOf(...times(10, IDLE), ...times(10, FULL)), 20_000)).toBe(0.5);
  });

  it('do not count when it turns out that they were few', () => {
    expect(busyAt(samplesOf(...times(16, IDLE), ...times(4, FULL), ...times(4, IDLE)), 20_000)).toBe(0);
  });

  it('count as full when the worker had no turn to sample them', () => {
    expect(busyAt(samplesOf(...times(16, IDLE)), 20_000)).toBe(0.2);
    expect(busyAt(samplesOf(...times(16, IDLE)), 17_000)).toBe(0);
  });

  it('are not known when no worker was there for long', () => {
    expect(busyAt(samplesOf(...times(16, IDLE)), 30_000)).toBe(0);
  });
});
