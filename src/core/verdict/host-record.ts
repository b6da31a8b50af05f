import { hostBusyIn, saturatedSpans, type HostSample } from '../gates/host-saturation.ts';
import type { HostSize } from '../model/host-size.ts';
import type { Stage } from '../model/stages.ts';
import type { HostRecord, HostStageRecord } from './summary-model.ts';

/** The executions of stages that a host's record has. */
type Execution = Readonly<{ stage: Stage; execution: number; startedAtMs: number; endedAtMs: number }>;

/** The stages whose load a host has to carry. */
const LOADED: readonly Stage[] = ['ramp', 'soak'];

/** The size of a host, and what it had to do. @param samples in order */
export function hostRecord(
  size: HostSize,
  samples: readonly HostSample[],
  executions: readonly Execution[],
): HostRecord {
  const whole = {
    startedAtMs: executions.reduce((first, { startedAtMs }) => Math.min(first, startedAtMs), Infinity),
    endedAtMs: executions.reduce((last, { endedAtMs }) => Math.max(last, endedAtMs), -Infinity),
  };
  const campaign = useIn(samples, hostBusyIn(samples), whole);
  return { ...size, stages: hostStages(samples, executions), ...(campaign === undefined ? {} : { campaign }) };
}

/**
 * What a host had to do in each execution of ramp and soak. An execution without samples is left out. It depends on what is stored
 * only, so every attempt writes the same. @param samples in order
 */
export function hostStages(
  samples: readonly HostSample[],
  executions: readonly Execution[],
): readonly HostStageRecord[] {
  const busyIn = hostBusyIn(samples);
  return executions
    .filter(({ stage }) => LOADED.includes(stage))
    .flatMap(({ stage, execution, startedAtMs, endedAtMs }) => {
      const use = useIn(samples, busyIn, { startedAtMs, endedAtMs });
      return use === undefined ? [] : [{ stage, execution, ...use }];
    });
}

function useIn(
  samples: readonly HostSample[],
  busyIn: ReturnType<typeof hostBusyIn>,
  { startedAtMs, endedAtMs }: Pick<Execution, 'startedAtMs' | 'endedAtMs'>,
): Omit<HostStageRecord, 'stage' | 'execution'> | undefined {
  const within = samples.filter(({ atMs }) => atMs > startedAtMs && atMs <= endedAtMs);
  if (within.length === 0) return undefined;
  const pressure = within.flatMap(({ cpuPressureShare }) => cpuPressureShare ?? []);
  const lengthsMs = saturatedSpans(within).map(({ startMs, endMs }) => endMs - startMs);
  const busyShare = busyIn({ startMs: startedAtMs, endMs: endedAtMs });
  return {
    cpuUsedShare: spread(within.map(({ cpuUsedShare }) => cpuUsedShare)),
    ...(pressure.length === 0 ? {} : { cpuPressureShare: spread(pressure) }),
    memoryAvailableMinBytes: within.reduce((least, one) => Math.min(least, one.memoryAvailableBytes), Infinity),
    ...(busyShare === undefined ? {} : { busyShare }),
    longestSaturatedSeconds: Math.max(0, ...lengthsMs) / 1_000,
  };
}

function spread(values: readonly number[]): { readonly median: number; readonly p90: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { median: at(0.5), p90: at(0.9) };
}
