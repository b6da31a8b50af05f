import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readHostSamples } from '../../../src/adapters/host/host-samples.ts';
import { startHostSampler } from '../../../src/adapters/host/host-sampler.ts';
import { openLedger } from '../../../src/adapters/host/ledger.ts';
import { showHost } from '../../../src/adapters/prometheus/host-metrics.ts';
import { registry } from '../../../src/adapters/prometheus/own-metrics.ts';
import type { HostSample } from '../../../src/core/gates/host-saturation.ts';
import { eventually } from '../eventually.ts';
import { testHome } from '../substrates/local-campaign.ts';
import type { TestHome } from '../substrates/local-campaign.ts';

let home: TestHome;
const ends: AbortController[] = [];
const running: Promise<void>[] = [];

beforeEach(() => {
  home = testHome();
});

afterEach(async () => {
  for (const end of ends.splice(0)) end.abort();
  await Promise.all(running.splice(0));
  home.close();
});

function sampler(): { readonly seen: readonly HostSample[]; end(): Promise<void> } {
  const seen: HostSample[] = [];
  const end = new AbortController();
  ends.push(end);
  const done = startHostSampler({
    log: { warn: (fields, message) => expect.unreachable(`${message} ${JSON.stringify(fields)}`) },
    signal: end.signal,
    onSample: (sample) => {
      seen.push(sample);
      showHost(sample);
    },
  });
  running.push(done);
  return {
    seen,
    end: () => {
      end.abort();
      return done;
    },
  };
}

test('this host is sampled for the campaigns with a ledger, once by two samplers, and by the other when one ends', async () => {
  for (const [campaign, expiresAtMs] of [
    ['lives', Date.now() + 3_600_000],
    ['expired', Date.now() - 1_000],
  ] as const) {
    mkdirSync(join(home.folder, 'runs', campaign), { recursive: true });
    openLedger({
      campaign,
      slug: campaign,
      workflowId: 'w',
      runId: 'r',
      createdAtMs: 0,
      expiresAtMs,
      clusters: [],
      processes: [],
    });
  }
  const [one, other] = [sampler(), sampler()];
  await eventually(() => readHostSamples('lives').length >= 2);
  for (const { cpuUsedShare, cpuPressureShare, forMs, memoryAvailableBytes } of readHostSamples('lives')) {
    expect(forMs).toBeGreaterThan(0);
    expect(memoryAvailableBytes).toBeGreaterThan(0);
    for (const share of [cpuUsedShare, cpuPressureShare ?? 0]) {
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  }
  const stored = readHostSamples('lives');
  const isOf = ({ seen }: typeof one): boolean =>
    JSON.stringify(seen.slice(0, stored.length)) === JSON.stringify(stored);
  const [writer, waiting] = isOf(one) ? [one, other] : [other, one];
  expect(writer).toSatisfy(isOf);

  await writer.end();
  const before = readHostSamples('lives').length;
  await eventually(() => readHostSamples('lives').length > before);
  expect(waiting.seen).toEqual(expect.arrayContaining(readHostSamples('lives').slice(before)));
  expect(readHostSamples('expired')).toEqual([]);

  const metrics = await registry.metrics();
  expect(metrics).toMatch(/^belay_host_cpu_used_share [\d.]+$/m);
  expect(metrics).toMatch(/^belay_host_memory_available_bytes \d/m);
});
