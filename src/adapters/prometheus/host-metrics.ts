import { Counter, Gauge } from 'prom-client';
import type { HostSample } from '../../core/gates/host-saturation.ts';
import { SaturationMeter } from '../../core/gates/saturation-meter.ts';
import { registry } from './own-metrics.ts';

/*
 * The host of the worker, for the campaigns' Prometheus. They have no label of a campaign: all campaigns of a worker share its host.
 */

const cpuUsedShare = gauge('belay_host_cpu_used_share', 'Share of the CPU that was used in the last second, 0 to 1.');
const cpuPressureShare = gauge(
  'belay_host_cpu_pressure_share',
  'Share of the last second in which a task waited for a CPU, 0 to 1. No series where the kernel does not measure it.',
);
const tasksPerCore = gauge(
  'belay_host_tasks_per_core',
  'Tasks that ran or waited for a CPU, for each core. No series where the kernel does not tell.',
);
const sampledSeconds = counter('belay_host_sampled_seconds_total', 'Seconds in which the CPU was sampled.');
const withoutCpuSeconds = counter(
  'belay_host_without_cpu_seconds_total',
  'Seconds in which the host had no CPU left: nearly all of it was used, and tasks waited, for at least 5 s.',
);
const meter = new SaturationMeter();
const memoryAvailableBytes = gauge('belay_host_memory_available_bytes', 'Memory that processes can still get.');
const swapUsedBytes = gauge('belay_host_swap_used_bytes', 'Memory that is swapped out.');

/** Shows a sample in the metrics of the worker. */
export function showHost(sample: HostSample): void {
  set(cpuUsedShare, sample.cpuUsedShare);
  set(cpuPressureShare, sample.cpuPressureShare);
  set(tasksPerCore, sample.tasksPerCore);
  sampledSeconds.inc(sample.forMs / 1_000);
  withoutCpuSeconds.inc(meter.add(sample) / 1_000);
  set(memoryAvailableBytes, sample.memoryAvailableBytes);
  set(swapUsedBytes, sample.swapUsedBytes);
}

/** A gauge without a series until it has a value: a gauge of the library without labels would begin at 0. */
function gauge(name: string, help: string): Gauge {
  const made = new Gauge({ name, help, registers: [registry] });
  made.remove();
  return made;
}

function counter(name: string, help: string): Counter {
  return new Counter({ name, help, registers: [registry] });
}

function set(one: Gauge, value: number | undefined): void {
  if (value === undefined) one.remove();
  else one.set(value);
}
