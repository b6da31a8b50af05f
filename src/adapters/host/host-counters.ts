import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { HostSample } from '../../core/gates/host-saturation.ts';
import {
  cgroupCpu,
  cgroupMemoryLeft,
  cgroupPath,
  coreLimit,
  cpuTicks,
  hostMemory,
  pressureUs,
  runnableTasks,
} from './proc-text.ts';

/** Reads a file of the kernel; undefined if there is none. */
export type ReadText = (path: string) => string | undefined;

/** The limits of the worker's cgroup, found once: folders of the hierarchy that have one. */
export interface CgroupLimits {
  readonly cpu?: { readonly folder: string; readonly cores: number };
  readonly memory?: { readonly folder: string };
}

/** The counters of a host at a moment. */
export interface HostCounters {
  /** Of the monotonic clock, ms. */
  readonly clockMs: number;
  readonly ticks: { readonly total: number; readonly idle: number };
  /** Tasks that run or wait for a CPU, beside the reader, for each core. Absent where the kernel does not count them. */
  readonly tasksPerCore?: number;
  /** Time in which a task waited for a CPU, µs. Absent where the kernel does not measure it. */
  readonly waitedUs?: number;
  /** Where the worker's cgroup has a limit. */
  readonly limited?: {
    readonly cores: number;
    readonly usageUs: number;
    readonly periods: number;
    readonly throttledPeriods: number;
    readonly waitedUs?: number;
  };
  readonly memoryAvailableBytes: number;
  readonly swapUsedBytes: number;
}

const CGROUP_ROOT = '/sys/fs/cgroup';

/** The text of a file of the kernel. */
export const readKernelText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * The cgroup limits that this process is under: the lowest CPU limit and the nearest memory limit on its way to the root. Only
 * version 2 is looked at; on a host with version 1 the whole host is what is measured.
 */
export function cgroupLimits(read: ReadText): CgroupLimits {
  let path = cgroupPath(read('/proc/self/cgroup') ?? '') ?? '/';
  let cpu: CgroupLimits['cpu'];
  let memory: CgroupLimits['memory'];
  for (;;) {
    const folder = resolve(CGROUP_ROOT, `.${path}`);
    const cores = coreLimit(read(join(folder, 'cpu.max')) ?? '');
    if (cores !== undefined && cores < (cpu?.cores ?? Infinity)) cpu = { folder, cores };
    if (memory === undefined && /^\d/.test(read(join(folder, 'memory.max')) ?? '')) memory = { folder };
    if (path === '/') break;
    path = dirname(path);
  }
  return { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
}

/** Reads the counters of this host; undefined where there is no /proc. */
export function readCounters(read: ReadText, { cpu, memory }: CgroupLimits, clockMs: number): HostCounters | undefined {
  const stat = read('/proc/stat') ?? '';
  const ticks = cpuTicks(stat);
  const host = hostMemory(read('/proc/meminfo') ?? '');
  if (ticks === undefined || host === undefined) return undefined;
  const waitedUs = pressureUs(read('/proc/pressure/cpu') ?? '');
  const runnable = runnableTasks(stat);
  const limited = cpu === undefined ? undefined : limitedCpu(read, cpu);
  const left = memory === undefined ? undefined : memoryLeft(read, memory.folder);
  return {
    clockMs,
    ticks,
    ...(runnable === undefined ? {} : { tasksPerCore: Math.max(0, runnable.tasks - 1) / runnable.cores }),
    ...(waitedUs === undefined ? {} : { waitedUs }),
    ...(limited === undefined ? {} : { limited }),
    memoryAvailableBytes: Math.min(host.availableBytes, left ?? Infinity),
    swapUsedBytes: host.swapUsedBytes,
  };
}

function limitedCpu(read: ReadText, { folder, cores }: NonNullable<CgroupLimits['cpu']>): HostCounters['limited'] {
  const used = cgroupCpu(read(join(folder, 'cpu.stat')) ?? '');
  if (used === undefined) return undefined;
  const waitedUs = pressureUs(read(join(folder, 'cpu.pressure')) ?? '');
  return { cores, ...used, ...(waitedUs === undefined ? {} : { waitedUs }) };
}

function memoryLeft(read: ReadText, folder: string): number | undefined {
  const text = (name: string): string => read(join(folder, name)) ?? '';
  return cgroupMemoryLeft(text('memory.max'), text('memory.current'), text('memory.stat'));
}

/**
 * What happened between two moments. Under a CPU limit, the share used is that of the limit if it is higher than that of the host,
 * and the pressure is that of the cgroup, which includes throttling and other users of the host. Where the kernel does not measure
 * that, it is the share of the scheduler's periods in which the cgroup was throttled. How many tasks share the CPU of a cgroup with a
 * limit is not known. Undefined if no time passed.
 */
export function sampleBetween(before: HostCounters, after: HostCounters, atMs: number): HostSample | undefined {
  const forMs = after.clockMs - before.clockMs;
  const total = after.ticks.total - before.ticks.total;
  if (forMs <= 0 || total <= 0) return undefined;
  const host = 1 - (after.ticks.idle - before.ticks.idle) / total;
  const pressure = pressureShare(before, after, forMs);
  const tasksPerCore = after.limited === undefined ? after.tasksPerCore : undefined;
  return {
    atMs,
    forMs: Math.round(forMs),
    cpuUsedShare: share(Math.max(host, limitUsed(before, after, forMs))),
    ...(pressure === undefined ? {} : { cpuPressureShare: share(pressure) }),
    ...(tasksPerCore === undefined ? {} : { tasksPerCore }),
    memoryAvailableBytes: after.memoryAvailableBytes,
    swapUsedBytes: after.swapUsedBytes,
  };
}

function limitUsed({ limited: from }: HostCounters, { limited: to }: HostCounters, forMs: number): number {
  return from === undefined || to === undefined ? 0 : (to.usageUs - from.usageUs) / 1_000 / (to.cores * forMs);
}

function pressureShare(before: HostCounters, after: HostCounters, forMs: number): number | undefined {
  const [from, to] = [before.limited, after.limited];
  if (from === undefined || to === undefined) return waited(before.waitedUs, after.waitedUs, forMs);
  const periods = to.periods - from.periods;
  const throttled = periods > 0 ? (to.throttledPeriods - from.throttledPeriods) / periods : undefined;
  return waited(from.waitedUs, to.waitedUs, forMs) ?? throttled;
}

function waited(fromUs: number | undefined, toUs: number | undefined, forMs: number): number | undefined {
  return fromUs === undefined || toUs === undefined ? undefined : (toUs - fromUs) / 1_000 / forMs;
}

/** A share between 0 and 1 with three digits: the clocks of two files differ a little. */
function share(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * 1_000) / 1_000;
}
