import { availableParallelism, totalmem } from 'node:os';
import type { HostSize } from '../../core/model/host-size.ts';

/** The size of this host, or of what the worker's cgroup lets it use of it. */
export function hostSize(): HostSize {
  const limit = process.constrainedMemory();
  return {
    cores: availableParallelism(),
    memoryBytes: limit > 0 ? Math.min(limit, totalmem()) : totalmem(),
  };
}
