import { expect, test } from 'vitest';
import { saturatedSpans, type HostSample } from '../../../src/core/gates/host-saturation.ts';
import { SaturationMeter } from '../../../src/core/gates/saturation-meter.ts';

/** Samples of a second each; `busy` says in which of them the host had no CPU left. */
function samples(busy: readonly boolean[]): readonly HostSample[] {
  return busy.map((isBusy, second) => ({
    atMs: 1_000 * (second + 1),
    forMs: 1_000,
    cpuUsedShare: isBusy ? 1 : 0.2,
    cpuPressureShare: isBusy ? 0.9 : 0,
    memoryAvailableBytes: 1,
    swapUsedBytes: 0,
  }));
}

test.for([
  ['never', '.'.repeat(60)],
  ['always', '#'.repeat(60)],
  ['in bursts that are too short', '####....'.repeat(8)],
  ['twice, for some seconds', `${'.'.repeat(10)}${'#'.repeat(8)}${'.'.repeat(20)}${'#'.repeat(12)}....`],
  ['with short pauses', '######.'.repeat(8)],
] as const)('what is metered sample by sample is what all samples say: %s', ([, pattern]) => {
  const all = samples(pattern.split('').map((char) => char === '#'));
  const meter = new SaturationMeter();
  const meteredMs = all.reduce((sum, sample) => sum + meter.add(sample), 0);
  const spansMs = saturatedSpans(all).reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  expect(meteredMs).toBe(spansMs);
});
