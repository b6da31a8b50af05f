import { expect, test } from 'vitest';
import type { HostSample } from '../../../src/core/gates/host-saturation.ts';
import { hostRecord } from '../../../src/core/verdict/host-record.ts';

const SIZE = { cores: 2, memoryBytes: 8_000 };

function sample(second: number, used: number, pressure?: number): HostSample {
  return {
    atMs: second * 1_000,
    forMs: 1_000,
    cpuUsedShare: used,
    ...(pressure === undefined ? {} : { cpuPressureShare: pressure }),
    memoryAvailableBytes: 1_000 + second,
    swapUsedBytes: 0,
  };
}

const seconds = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

const of = (stage: 'ramp' | 'steady' | 'soak', execution: number, startedAtMs: number, endedAtMs: number) =>
  ({ stage, execution, startedAtMs, endedAtMs }) as const;

test('has the campaign, and every execution of ramp and soak that was sampled, by their own samples', () => {
  const samples = [
    ...seconds(1, 10).map((second) => sample(second, 1, 1)),
    ...seconds(11, 20).map((second) => sample(second, second / 100, 0)),
  ];
  const executions = [
    of('ramp', 1, 0, 10_000),
    of('steady', 1, 10_000, 11_000),
    of('soak', 1, 10_000, 20_000),
    of('soak', 2, 60_000, 70_000),
  ];
  expect(hostRecord(SIZE, samples, executions)).toEqual({
    ...SIZE,
    stages: [
      {
        stage: 'ramp',
        execution: 1,
        cpuUsedShare: { median: 1, p90: 1 },
        cpuPressureShare: { median: 1, p90: 1 },
        memoryAvailableMinBytes: 1_001,
        busyShare: 1,
        longestSaturatedSeconds: 10,
      },
      {
        stage: 'soak',
        execution: 1,
        cpuUsedShare: { median: 0.15, p90: 0.19 },
        cpuPressureShare: { median: 0, p90: 0 },
        memoryAvailableMinBytes: 1_011,
        busyShare: 0,
        longestSaturatedSeconds: 0,
      },
    ],
    campaign: {
      cpuUsedShare: { median: 0.2, p90: 1 },
      cpuPressureShare: { median: 0, p90: 1 },
      memoryAvailableMinBytes: 1_001,
      // Not known: nothing was sampled after 20 s.
      longestSaturatedSeconds: 10,
    },
  });
});

test('has no use of a campaign that was not sampled', () => {
  expect(hostRecord(SIZE, [], [of('ramp', 1, 0, 10_000)])).toEqual({ ...SIZE, stages: [] });
  expect(hostRecord(SIZE, [sample(1, 1)], [])).toEqual({ ...SIZE, stages: [] });
});

test('has no pressure where the kernel does not measure it', () => {
  const execution = { stage: 'ramp', execution: 1, startedAtMs: 0, endedAtMs: 2_000 } as const;
  const record = hostRecord(SIZE, [sample(1, 0.5), sample(2, 0.5)], [execution]);
  expect(record.stages[0]).not.toHaveProperty('cpuPressureShare');
});
