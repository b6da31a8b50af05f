import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SnapshotRequest } from '../../../src/adapters/evidence/collect-snapshot.ts';
import { collectSnapshot } from '../../../src/adapters/evidence/collect-snapshot.ts';
import type { Curve } from '../../../src/adapters/evidence/series.ts';
import type { EvidencePart } from '../../../src/core/campaign/stage-io.ts';
import { writeTargets } from '../../../src/adapters/prometheus/server.ts';
import type { RunningPrometheus } from '../../../src/adapters/prometheus/server.ts';
import type { CampaignBench } from '../prometheus/campaign-prometheus.ts';
import { campaignBench } from '../prometheus/campaign-prometheus.ts';
import { closed, listen, metricsServer } from '../prometheus/metrics-server.ts';
import { gateOf } from './fixture.ts';

function failures(parts: readonly EvidencePart[]): readonly string[] {
  return parts.filter((part) => !part.ok).map(({ what, error }) => `${what}: ${error}`);
}

describe('collectSnapshot', () => {
  let bench: CampaignBench;
  let prometheus: RunningPrometheus;
  let folder: string;
  let request: SnapshotRequest;

  beforeAll(async () => {
    bench = await campaignBench('snapshot');
    prometheus = await bench.start();
    folder = mkdtempSync(join(tmpdir(), 'belay-snapshot-'));
    const startMs = Date.now();
    const wanted = ['snapshot', 'another'].map((campaign) => `belay_pods_target{campaign="${campaign}"} 10\n`);
    const server = await metricsServer(`some_gauge 4\n${wanted.join('')}`);
    const target = {
      job: 'a',
      cluster: '',
      scheme: 'http',
      address: server.address,
      path: '/metrics',
      tls: {},
    } as const;
    await writeTargets(prometheus, [target], bench.bounds);
    const client = bench.client(prometheus);
    while ((await client.query('count_over_time(some_gauge[1m]) > 2', Date.now(), bench.bounds)).length === 0)
      await sleep(100);
    await server.close();
    writeFileSync(join(folder, 'etcd.txt'), 'a line of etcd\n');
    request = {
      folder,
      campaign: 'snapshot',
      prometheus,
      gates: [gateOf('g/1', { source: { kind: 'query', query: 'max_over_time(some_gauge[$window])' } })],
      soak: { startMs, endMs: Date.now(), execution: 1 },
      campaignTime: { startMs, endMs: Date.now() },
      logs: [{ name: 'etcd/0', path: join(folder, 'etcd.txt') }],
      queryBudgetMs: 5_000,
      snapshotBudgetMs: 20_000,
      signal: bench.signal,
      throwIfSuperseded: () => {},
      onPart: () => {},
    };
  });

  afterAll(async () => {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('keeps curves, logs and the TSDB, again and again', async () => {
    const seen: string[] = [];
    for (let round = 1; round <= 2; round += 1) {
      const gates = [...request.gates, gateOf('pods', { source: { kind: 'query', query: 'some_gauge' } })];
      const parts = await collectSnapshot({ ...request, gates, onPart: ({ what }) => seen.push(what) });
      expect(failures(parts)).toEqual([]);
      expect(readdirSync(join(folder, 'prometheus')).sort()).toEqual(['series', 'snapshot']);
    }
    expect(seen.slice(0, 4)).toEqual([
      'curves of the gates',
      'curves of the load',
      'log of etcd/0',
      'Prometheus snapshot',
    ]);
    const curve = (name: string): Curve =>
      JSON.parse(readFileSync(join(folder, 'prometheus', 'series', name), 'utf8')) as Curve;
    expect(curve('g_1.json').lines[0]?.promql).toBe('max_over_time(some_gauge[5s])');
    expect(curve('g_1.json').lines[0]?.series[0]?.points.map(([, value]) => value)).toContain(4);
    expect(curve('pods.json').lines[0]?.promql).toBe('some_gauge');
    const wanted = curve('load.pods.json').lines[0];
    expect(wanted).toMatchObject({ label: 'wanted', series: [expect.anything()] });
    expect(new Set(wanted?.series[0]?.points.map(([, value]) => value))).toEqual(new Set([10]));
    const snapshot = join(folder, 'prometheus', 'snapshot');
    expect(readdirSync(snapshot)).not.toEqual([]);
    expect(readdirSync(join(prometheus.own?.dataFolder ?? '', 'snapshots'))).toEqual([]);
    expect(readFileSync(join(folder, 'logs', 'etcd_0.log'), 'utf8')).toBe('a line of etcd\n');
  });

  it('reports what cannot be had and goes on with the rest', async () => {
    const bad = gateOf('bad', { source: { kind: 'query', query: 'rate(some_gauge)' } });
    const parts = await collectSnapshot({
      ...request,
      gates: [bad, ...request.gates],
      logs: [{ name: 'kwok', path: join(folder, 'none.log') }],
    });
    expect(failures(parts)).toEqual([
      expect.stringMatching(/^curves of the gates: bad: .*expected type range vector/),
      expect.stringContaining('log of kwok:'),
    ]);
    expect(existsSync(join(folder, 'prometheus', 'series', 'g_1.json'))).toBe(true);
  });

  it('keeps logs only where the Prometheus is an agent, which has nothing else', async () => {
    const own = prometheus.own === undefined ? undefined : { ...prometheus.own, agentOf: 'g1' };
    const agent = { ...prometheus, url: 'http://127.0.0.1:1', ...(own === undefined ? {} : { own }) };
    expect(await collectSnapshot({ ...request, prometheus: agent })).toEqual([{ what: 'log of etcd/0', ok: true }]);
  });

  it('does not hang on a Prometheus that takes the connection and says nothing', async () => {
    const server = createServer(() => {});
    const silent = { ...prometheus, url: `http://127.0.0.1:${await listen(server)}` };
    try {
      const parts = await collectSnapshot({
        ...request,
        prometheus: silent,
        queryBudgetMs: 200,
        snapshotBudgetMs: 200,
      });
      expect(failures(parts)).toEqual(
        ['curves of the gates', 'curves of the load', 'Prometheus snapshot'].map((what) =>
          expect.stringMatching(`^${what}: no answer .*200 ms`),
        ),
      );
    } finally {
      await closed(server);
    }
  });

  it('has nothing to ask of the snapshot of a Prometheus that is not its own, and misses one it never had', async () => {
    const lent = await collectSnapshot({ ...request, prometheus: { url: prometheus.url, scrapeIntervalMs: 1_000 } });
    expect(lent.map(({ what, ok }) => [what, ok])).not.toContainEqual(['Prometheus snapshot', expect.anything()]);
    // Of an attempt that was killed while it copied.
    const half = join(folder, 'prometheus', 'snapshot.tmp');
    mkdirSync(half, { recursive: true });
    const none = await collectSnapshot({ ...request, prometheus: undefined, soak: undefined });
    expect(failures(none)).toEqual([
      'curves of the load: the campaign has no Prometheus',
      'Prometheus snapshot: the campaign has no Prometheus',
    ]);
    expect(existsSync(half)).toBe(false);
  });

  it('stops when the caller does', async () => {
    const abort = new AbortController();
    abort.abort(new Error('cancelled'));
    await expect(collectSnapshot({ ...request, signal: abort.signal })).rejects.toThrow('cancelled');
  });

  it('writes nothing more when a later attempt keeps the evidence, also with answers that came meanwhile', async () => {
    const files = ['series/g_1.json', 'series/load.pods.json', '../logs/etcd_0.log'];
    const state = (): readonly unknown[] =>
      files.map((name) => statSync(join(folder, 'prometheus', name), { bigint: true }).mtimeNs);
    await collectSnapshot(request);
    const kept = [...state(), ...readdirSync(join(folder, 'prometheus'))];
    // The call of a worker that was frozen may fail when it goes on: what it would write is empty.
    const gone = { ...prometheus, url: 'http://127.0.0.1:1' };
    for (const server of [prometheus, gone]) {
      let asked = 0;
      const throwIfSuperseded = (): void => {
        // Frozen after it began.
        if (++asked > 1) throw new Error('another attempt');
      };
      const ended = collectSnapshot({ ...request, prometheus: server, soak: undefined, logs: [], throwIfSuperseded });
      await expect(ended).rejects.toThrow('another attempt');
    }
    expect([...state(), ...readdirSync(join(folder, 'prometheus'))]).toEqual(kept);
  });
});
