import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostSample } from '../../core/gates/host-saturation.ts';
import { HOST_SAMPLE_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { stateFolder } from './folders.ts';
import { cgroupLimits, readCounters, readKernelText, sampleBetween } from './host-counters.ts';
import { appendHostSample } from './host-samples.ts';
import { ledgersHere } from './ledger.ts';
import { tryProcessLock } from './process-lock.ts';
import type { ProcessLock } from './process-lock.ts';

export interface HostSamplerOptions {
  readonly log: { warn(fields: object, message: string): void };
  /** Ends the sampler. */
  readonly signal: AbortSignal;
  /** Called with every sample of this process. */
  readonly onSample: (sample: HostSample) => void;
}

/**
 * Samples the CPU and the memory of this host about once a second. Of the workers of a state folder, one adds the samples to the
 * `host.jsonl` of every campaign that has a ledger, from provision to teardown, whichever worker runs its stages. The others take
 * over when it dies.
 * @returns when the signal is aborted, or at once where there is no /proc
 */
export async function startHostSampler({ log, signal, onSample }: HostSamplerOptions): Promise<void> {
  const path = join(stateFolder(), 'host-sampler.lock');
  const limits = cgroupLimits(readKernelText);
  let before = readCounters(readKernelText, limits, performance.now());
  let lock: ProcessLock | undefined;
  let lastProblem = '';
  while (!signal.aborted && before !== undefined) {
    await sleep(HOST_SAMPLE_MS, undefined, { signal }).catch(() => undefined);
    try {
      const after = readCounters(readKernelText, limits, performance.now());
      const sample = after === undefined ? undefined : sampleBetween(before, after, Date.now());
      before = after ?? before;
      if (sample === undefined) continue;
      onSample(sample);
      if (lock?.isHeld() !== true) lock = tryProcessLock(path);
      if (lock !== undefined) addToCampaigns(sample);
    } catch (cause) {
      // A full disk would otherwise be logged every second.
      const problem = messageOf(cause);
      if (problem !== lastProblem) log.warn({ err: cause }, 'a sample of the host could not be stored');
      lastProblem = problem;
    }
  }
  lock?.release();
}

function addToCampaigns(sample: HostSample): void {
  for (const { campaign, expiresAtMs } of ledgersHere()) {
    // Leftovers of a campaign that is gone may stay until they are swept.
    if (sample.atMs < expiresAtMs) appendHostSample(campaign, sample);
  }
}
