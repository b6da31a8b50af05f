/** The texts of /proc and /sys/fs/cgroup as numbers. A text that is not as expected gives undefined: the kernel has no such number. */

/** CPU time of all cores since the start, in ticks. Time that a hypervisor took away counts as used. */
export function cpuTicks(stat: string): { readonly total: number; readonly idle: number } | undefined {
  const line = /^cpu +(.+)$/m.exec(stat)?.[1];
  if (line === undefined) return undefined;
  // user, nice, system, idle, iowait, irq, softirq, steal. The guest's times that follow are part of user and nice.
  const ticks = line.split(/ +/).slice(0, 8).map(Number);
  const [, , , idle = 0, iowait = 0] = ticks;
  const total = ticks.reduce((sum, each) => sum + each, 0);
  return Number.isFinite(total) ? { total, idle: idle + iowait } : undefined;
}

/** The tasks of a host that run or wait for a CPU at this moment, and its cores. */
export function runnableTasks(stat: string): { readonly tasks: number; readonly cores: number } | undefined {
  const tasks = numberOf(/^procs_running (\d+)$/m.exec(stat)?.[1]);
  const cores = stat.match(/^cpu\d+ /gm)?.length ?? 0;
  return tasks === undefined || cores === 0 ? undefined : { tasks, cores };
}

/** Time in which at least one task waited, µs: `some` of a file of pressure (PSI). */
export function pressureUs(pressure: string): number | undefined {
  return numberOf(/^some .*\btotal=(\d+)/m.exec(pressure)?.[1]);
}

/** Memory of the host from /proc/meminfo, bytes. */
export function hostMemory(
  meminfo: string,
): { readonly availableBytes: number; readonly swapUsedBytes: number } | undefined {
  const field = (name: string): number | undefined =>
    numberOf(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(meminfo)?.[1]);
  const available = field('MemAvailable');
  if (available === undefined) return undefined;
  const swapUsed = (field('SwapTotal') ?? 0) - (field('SwapFree') ?? 0);
  return { availableBytes: available * 1024, swapUsedBytes: swapUsed * 1024 };
}

/** The path of this process in the cgroup v2 hierarchy, from /proc/self/cgroup. */
export function cgroupPath(cgroup: string): string | undefined {
  return /^0::(\/.*)$/m.exec(cgroup)?.[1];
}

/** The CPU limit of a cgroup in cores, from cpu.max: quota and period in µs. Undefined = no limit. */
export function coreLimit(cpuMax: string): number | undefined {
  const [, quota, period] = /^(\d+) (\d+)/.exec(cpuMax) ?? [];
  return quota === undefined || Number(period) === 0 ? undefined : Number(quota) / Number(period);
}

/** The CPU of a cgroup since its start, from cpu.stat. */
export function cgroupCpu(
  cpuStat: string,
): { readonly usageUs: number; readonly periods: number; readonly throttledPeriods: number } | undefined {
  const usageUs = flat(cpuStat, 'usage_usec');
  if (usageUs === undefined) return undefined;
  return {
    usageUs,
    periods: flat(cpuStat, 'nr_periods') ?? 0,
    throttledPeriods: flat(cpuStat, 'nr_throttled') ?? 0,
  };
}

/** What a cgroup has left of its memory limit, bytes. Cached files that were not used lately can be dropped, so they count as free. */
export function cgroupMemoryLeft(max: string, current: string, stat: string): number | undefined {
  const limit = numberOf(/^\d+/.exec(max)?.[0]);
  const used = numberOf(/^\d+/.exec(current)?.[0]);
  if (limit === undefined || used === undefined) return undefined;
  return Math.max(0, limit - used + (flat(stat, 'inactive_file') ?? 0));
}

/** A value of a file with one name and one value a line. */
function flat(text: string, name: string): number | undefined {
  return numberOf(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
