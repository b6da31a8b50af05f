import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  claimWatch,
  isWatching,
  pointAt,
  takeWatchOfTheDead,
  thisWorker,
} from '../../../src/adapters/observe/worker-target.ts';
import { markClosing, readLedger, type WatchingWorker } from '../../../src/adapters/host/ledger.ts';
import { startTicksOf } from '../../../src/adapters/host/processes.ts';
import { campaignBench, type CampaignBench } from './campaign-prometheus.ts';
import { metricsServer } from './metrics-server.ts';

const PODS = 24;

let bench: CampaignBench;

beforeEach(async () => {
  bench = await campaignBench();
});
afterEach(async () => {
  await bench.close();
});

test('a campaign that goes from one living worker to another is never counted twice, and counters go on', async () => {
  const counts = { first: 100, second: 0 };
  const first = await metricsServer(() => page((counts.first += 1)));
  const second = await metricsServer(() => page((counts.second += 1)));
  try {
    const prometheus = await bench.start();
    const client = bench.client(prometheus);
    const startMs = Date.now();
    const watchedAt = async (address: string, seen: string): Promise<void> => {
      const worker = thisWorker(Number(address.split(':')[1]));
      claimWatch(bench.slug, worker);
      await pointAt(bench.slug, worker, bench.bounds);
      for (let tries = 0; tries < 300; tries += 1) {
        if ((await client.query(seen, Date.now(), bench.bounds)).length > 0) break;
        await sleep(100);
      }
    };
    await watchedAt(first.address, 'binds_total > 103');
    await watchedAt(second.address, 'binds_total < 100 and binds_total > 5');
    const window = { startMs, endMs: Date.now(), stepMs: 200 };
    const [sum, ...others] = await client.queryRange('sum(belay_pods_bound)', window, bench.bounds);
    expect(others).toEqual([]);
    expect(new Set(sum?.points.map(([, value]) => value))).toEqual(new Set([PODS]));
    const up = await client.queryRange('up{job="belay-worker"}', window, bench.bounds);
    expect(up.map(({ labels }) => labels['instance'])).toEqual(['belay-worker']);
    // A reset, not a fall and not a new series: all that the second has counted counts.
    const [resets] = await client.query('resets(binds_total[1m])', Date.now(), bench.bounds);
    expect(resets?.value).toBe(1);
  } finally {
    await Promise.all([first.close(), second.close()]);
  }
});

test('a worker takes over from a dead one, never from one that lives or from a campaign that is being torn down', async () => {
  const { slug, bounds } = bench;
  const me = thisWorker(1);
  const other: WatchingWorker = { pid: process.ppid, startTicks: startTicksOf(process.ppid) ?? '', metricsPort: 2 };
  const dead: WatchingWorker = { pid: process.pid, startTicks: '1', metricsPort: 3 };
  expect(isWatching(slug, me)).toBe(false);
  // Nobody has it yet: whoever provisions it will.
  await takeWatchOfTheDead(slug, me, bounds);
  expect(readLedger(slug)?.worker).toBeUndefined();

  claimWatch(slug, other);
  await takeWatchOfTheDead(slug, me, bounds);
  expect(readLedger(slug)?.worker).toEqual(other);
  claimWatch(slug, dead);
  await Promise.all([takeWatchOfTheDead(slug, me, bounds), takeWatchOfTheDead(slug, other, bounds)]);
  expect(readLedger(slug)?.worker).toEqual(me);
  expect([isWatching(slug, me), isWatching(slug, other)]).toEqual([true, false]);

  claimWatch(slug, dead);
  markClosing(slug);
  await takeWatchOfTheDead(slug, me, bounds);
  expect(readLedger(slug)?.worker).toEqual(dead);
  expect(isWatching(slug, dead)).toBe(false);
});

function page(count: number): string {
  return `# TYPE belay_pods_bound gauge\nbelay_pods_bound ${PODS}\n# TYPE binds_total counter\nbinds_total ${count}\n`;
}
