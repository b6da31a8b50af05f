import { z } from 'zod';
import { stageName } from './stage-name.ts';

const spread = z.object({ median: z.number(), p90: z.number() });

/** What the host had to do for a time. Shares are 0 to 1. */
const hostUse = z.object({
  cpuUsedShare: spread,
  /** Share of the time in which a task waited for a CPU; absent where the kernel does not measure it. */
  cpuPressureShare: spread.exactOptional(),
  memoryAvailableMinBytes: z.number(),
  /** Share of the time in which the host had no CPU left; absent = not known. */
  busyShare: z.number().exactOptional(),
  /** The longest time without a pause in which it had none. */
  longestSaturatedSeconds: z.number(),
});

/** The same in an execution of a stage. */
export const hostStage = z.object({ stage: stageName, execution: z.number(), ...hostUse.shape });

/** The host of the campaign; of one with several hosts, the lead. Earlier versions did not record it. */
export const host = z.object({
  cores: z.number(),
  memoryBytes: z.number(),
  stages: z.array(hostStage),
  /** From the first stage to the last one before the judging; absent where the host was not sampled. */
  campaign: hostUse.exactOptional(),
});

/** One of several hosts, with its group of clusters. Its size is null where the host did not record it. */
export const groupHost = z.object({
  group: z.string(),
  host: z.string(),
  firstCluster: z.number(),
  clusterCount: z.number(),
  cores: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  stages: z.array(hostStage),
});
