import { setTimeout as sleep } from 'node:timers/promises';
import type { HostSample } from '../../core/gates/host-saturation.ts';
import { HOST_SAMPLE_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { Duty } from './duty.ts';
import { cgroupLimits, readCounters, readKernelText, sampleBetween } from './host-counters.ts';
import { appendHostSample } from './host-samples.ts';
import { ledgersHere } from './ledger.ts';

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
 * over when it dies or freezes.
 * @returns when the signal is aborted, or at once where there is no /proc
 */
export async function startHostSampler({ log, signal, onSample }: HostSamplerOptions): Promise<void> {
  const duty = new Duty('host-sampler');
  const limits = cgroupLimits(readKernelText);
  let before = readCounters(readKernelText, limits, performance.now());
  let lastProblem = '';
  while (!signal.aborted && before !== undefined) {
    await sleep(HOST_SAMPLE_MS, undefined, { signal }).catch(() => undefined);
    try {
      const after = readCounters(readKernelText, limits, performance.now());
      const sample = after === undefined ? undefined : sampleBetween(before, after, Date.now());
      before = after ?? before;
      if (sample === undefined) continue;
      onSample(sample);
      if (duty.take() !== 'no') addToCampaigns(sample);
    } catch (cause) {
      // A full disk would otherwise be logged every second.
      const problem = messageOf(cause);
      if (problem !== lastProblem) log.warn({ err: cause }, 'a sample of the host could not be stored');
      lastProblem = problem;
    }
  }
  duty.release();
}

function addToCampaigns(sample: HostSample): void {
  for (const { campaign, expiresAtMs } of ledgersHere()) {
    // Leftovers of a campaign that is gone may stay until they are swept.
    if (sample.atMs < expiresAtMs) appendHostSample(campaign, sample);
  }
}
