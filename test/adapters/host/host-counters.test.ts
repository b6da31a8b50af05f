import { describe, expect, it } from 'vitest';
import {
  cgroupLimits,
  readCounters,
  sampleBetween,
  type HostCounters,
  type ReadText,
} from '../../../src/adapters/host/host-counters.ts';

/** /proc/stat of a host. @param busy ticks used, of which 10 are steal */
const stat = (busy: number, idle: number, running?: number): string =>
  `cpu  ${busy - 10} 0 0 ${idle - 5} 5 0 0 10 99 99\ncpu0 1 1 1 1 1 1 1 1 0 0\ncpu1 1 1 1 1 1 1 1 1 0 0\nintr 1 2 3\n` +
  (running === undefined ? '' : `processes 9\nprocs_running ${running}\nprocs_blocked 3\n`);
const pressure = (totalUs: number): string =>
  `some avg10=0.00 avg60=0.00 avg300=0.00 total=${totalUs}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=77\n`;
const MEMINFO = 'MemTotal: 8000 kB\nMemFree: 10 kB\nMemAvailable:    4000 kB\nSwapTotal: 100 kB\nSwapFree: 60 kB\n';
const cpuStat = (usageUs: number, periods: number, throttled: number): string =>
  `usage_usec ${usageUs}\nuser_usec 1\nsystem_usec 1\nnr_periods ${periods}\nnr_throttled ${throttled}\nthrottled_usec 5\n`;

type Files = Readonly<Record<string, string>>;

const reader =
  (files: Files): ReadText =>
  (path) =>
    files[path];

function countersOf(files: Files, clockMs: number): HostCounters {
  const counters = readCounters(reader(files), cgroupLimits(reader(files)), clockMs);
  if (counters === undefined) throw new Error('no counters');
  return counters;
}

const before = { '/proc/stat': stat(100, 100), '/proc/meminfo': MEMINFO };
const after = { '/proc/stat': stat(280, 120), '/proc/meminfo': MEMINFO };
const sampled = (from: Files, to: Files): object | undefined =>
  sampleBetween(countersOf(from, 5_000), countersOf(to, 6_000), 42);
const memory = { memoryAvailableBytes: 4_000 * 1_024, swapUsedBytes: 40 * 1_024 };

const container = (usageUs: number, waitedUs: number, throttled = 0): Files => ({
  '/proc/self/cgroup': '0::/\n',
  '/proc/pressure/cpu': pressure(0),
  '/sys/fs/cgroup/cpu.max': '150000 100000\n',
  '/sys/fs/cgroup/cpu.stat': cpuStat(usageUs, throttled * 2, throttled),
  '/sys/fs/cgroup/cpu.pressure': pressure(waitedUs),
  '/sys/fs/cgroup/memory.max': '2000000\n',
  '/sys/fs/cgroup/memory.current': '1500000\n',
  '/sys/fs/cgroup/memory.stat': 'anon 1\ninactive_file 300000\nactive_file 9\n',
});

const withoutPressure = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).filter(([path]) => !path.includes('pressure')));

describe('a sample of the host', () => {
  it('without pressure has the share of the CPU that was used', () => {
    expect(sampled(before, after)).toEqual({ atMs: 42, forMs: 1_000, cpuUsedShare: 0.9, ...memory });
  });

  it('has the share of the time in which a task waited', () => {
    const from = { ...before, '/proc/pressure/cpu': pressure(7_000_000) };
    const to = { ...after, '/proc/pressure/cpu': pressure(7_250_000) };
    expect(sampled(from, to)).toMatchObject({ cpuUsedShare: 0.9, cpuPressureShare: 0.25 });
  });

  it('has the tasks that run or wait beside the sampler, for each core', () => {
    const to = { ...after, '/proc/stat': stat(280, 120, 6) };
    expect(sampled(before, to)).toMatchObject({ tasksPerCore: 2.5 });
    const from = { ...before, ...container(0, 0) };
    expect(sampled(from, { ...to, ...container(1_500_000, 0) })).not.toHaveProperty('tasksPerCore');
  });

  it('is of the whole host in a cgroup without limits', () => {
    const cgroup = {
      '/proc/self/cgroup': '0::/user.slice/session\n',
      '/proc/pressure/cpu': pressure(0),
      '/sys/fs/cgroup/user.slice/session/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/user.slice/session/memory.max': 'max\n',
      '/sys/fs/cgroup/user.slice/session/cpu.pressure': pressure(0),
    };
    expect(cgroupLimits(reader(cgroup))).toEqual({});
    const to = { ...cgroup, '/proc/pressure/cpu': pressure(1e6) };
    expect(sampled({ ...before, ...cgroup }, { ...after, ...to })).toMatchObject({ cpuPressureShare: 1, ...memory });
  });

  it('in a container is that of its limits', () => {
    expect(cgroupLimits(reader(container(0, 0)))).toEqual({
      cpu: { folder: '/sys/fs/cgroup', cores: 1.5 },
      memory: { folder: '/sys/fs/cgroup' },
    });
    const idle = { '/proc/stat': stat(110, 1_000), '/proc/meminfo': MEMINFO };
    const sample = sampled({ ...before, ...container(0, 0) }, { ...idle, ...container(1_500_000, 800_000) });
    expect(sample).toMatchObject({ cpuUsedShare: 1, cpuPressureShare: 0.8, memoryAvailableBytes: 800_000 });
  });

  it('in a container on a host that others use has the higher share, and the pressure of the container', () => {
    const sample = sampled({ ...before, ...container(0, 0) }, { ...after, ...container(150_000, 600_000) });
    expect(sample).toMatchObject({ cpuUsedShare: 0.9, cpuPressureShare: 0.6 });
  });

  it('in a container without pressure has the share of periods in which it was throttled', () => {
    const sample = sampled(
      withoutPressure({ ...before, ...container(0, 0) }),
      withoutPressure({ ...after, ...container(1_500_000, 0, 10) }),
    );
    expect(sample).toMatchObject({ cpuUsedShare: 1, cpuPressureShare: 0.5 });
  });

  it('takes the lowest CPU limit and the nearest memory limit on the way to the root', () => {
    const files = {
      '/proc/self/cgroup': '9:cpu:/old\n0::/pods/pod/container\n',
      '/sys/fs/cgroup/pods/pod/container/cpu.max': '400000 100000\n',
      '/sys/fs/cgroup/pods/pod/container/memory.max': 'max\n',
      '/sys/fs/cgroup/pods/pod/cpu.max': '200000 100000\n',
      '/sys/fs/cgroup/pods/pod/memory.max': '1000\n',
      '/sys/fs/cgroup/pods/cpu.max': '800000 100000\n',
      '/sys/fs/cgroup/pods/memory.max': '9000\n',
    };
    expect(cgroupLimits(reader(files))).toEqual({
      cpu: { folder: '/sys/fs/cgroup/pods/pod', cores: 2 },
      memory: { folder: '/sys/fs/cgroup/pods/pod' },
    });
  });

  it('does not exist where no time passed, or without /proc', () => {
    const one = countersOf(before, 5_000);
    expect(sampleBetween(one, one, 42)).toBeUndefined();
    expect(readCounters(reader({}), {}, 0)).toBeUndefined();
  });
});
