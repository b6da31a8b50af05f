import { afterAll, beforeAll, expect, test } from 'vitest';
import { cpuOfHosts } from '../../../src/adapters/prometheus/hosts-cpu.ts';
import { otherHosts } from '../../../src/adapters/prometheus/other-hosts.ts';
import { prometheusClient, type PrometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { samplesArrived } from '../../../src/adapters/prometheus/samples-arrived.ts';
import type { StoredSeries } from '../../core/gates/histories/store.ts';
import { aGate } from '../../workflows/make-spec.ts';
import { lonePrometheus, type LonePrometheus } from './lone-prometheus.ts';
import { remoteWrite } from './remote-write.ts';

const INTERVAL_MS = 2_000;
const WINDOW_MS = 60_000;
const bounds = { signal: new AbortController().signal, budgetMs: 10_000 };

let prometheus: LonePrometheus;
let client: PrometheusClient;
let endMs: number;

beforeAll(async () => {
  prometheus = await lonePrometheus('--web.enable-remote-write-receiver');
  client = prometheusClient(prometheus.url);
  endMs = Math.floor(Date.now() / 1_000) * 1_000 - 30_000;
});
afterAll(async () => {
  await client.close();
  await prometheus.close();
});

/** A series of a worker, as the agent of its host sends it. @param valueAt of the time since the window began, ms */
function series(
  name: string,
  labels: Readonly<Record<string, string>>,
  valueAt: (ms: number) => number | undefined,
  untilMs = endMs,
): StoredSeries {
  const times: number[] = [];
  const values: number[] = [];
  for (let atMs = endMs - WINDOW_MS - 10_000; atMs <= untilMs; atMs += INTERVAL_MS) {
    const value = valueAt(atMs - (endMs - WINDOW_MS));
    if (value === undefined) continue;
    times.push(atMs);
    values.push(value);
  }
  return { labels: { __name__: name, job: 'belay-worker', ...labels }, times, values };
}

const of = (group: string): Readonly<Record<string, string>> => ({ group, instance: `belay-worker-${group}` });
const window = (): { startMs: number; endMs: number } => ({ startMs: endMs - WINDOW_MS, endMs });
const othersOf = (campaign: string, count: number): ReturnType<typeof otherHosts> =>
  otherHosts(client, { campaign, count, scrapeIntervalMs: INTERVAL_MS, bounds });

/** A counter of seconds that counts all of the time. */
function allSeconds(ms: number): number {
  return (ms + 10_000) / 1_000;
}

test('every gap of the other hosts is found, of several in one part too, and one that is open', async () => {
  const startS = (endMs - WINDOW_MS) / 1_000;
  const start = 'belay_infrastructure_gap_start_seconds';
  const end = 'belay_infrastructure_gap_end_seconds';
  const etcd = { ...of('g1'), campaign: 'gaps', cluster: 'c1', component: 'etcd' };
  const agent = { ...of('g2'), campaign: 'gaps', cluster: '', component: 'prometheus' };
  await remoteWrite(prometheus.url, [
    series(start, etcd, (ms) => (ms < 10_000 ? undefined : startS + (ms < 30_000 ? 8 : 28))),
    series(end, etcd, (ms) => (ms < 12_000 ? undefined : startS + (ms < 34_000 ? 11 : 33))),
    series(start, agent, (ms) => (ms < 50_000 ? undefined : startS + 49)),
    series(start, { ...etcd, campaign: 'another' }, () => startS),
  ]);
  const gaps = await othersOf('gaps', 2).gaps(window());
  const since = (ms: number | null): number | null => (ms === null ? null : ms - (endMs - WINDOW_MS));
  expect(gaps.map((gap) => [gap.cluster, gap.component, since(gap.startMs), since(gap.endMs)])).toEqual([
    ['c1', 'etcd', 8_000, 11_000],
    ['c1', 'etcd', 28_000, 33_000],
    [undefined, 'prometheus', 49_000, null],
  ]);
});

test('gaps that cannot be read are a gap of Prometheus over all of the time', async () => {
  const silent = prometheusClient('http://127.0.0.1:1');
  const request = { campaign: 'gaps', count: 1, scrapeIntervalMs: INTERVAL_MS, bounds };
  expect(await otherHosts(silent, request).gaps(window())).toEqual([{ ...window(), component: 'prometheus' }]);
  await silent.close();
});

test('the worst of the other hosts counts; one that is not known leaves the share unknown, unless another is busy', async () => {
  const sampled = 'belay_host_sampled_seconds_total';
  const without = 'belay_host_without_cpu_seconds_total';
  expect(await othersOf('x', 2).hostBusy(window())).toBeUndefined();
  await remoteWrite(prometheus.url, [series(sampled, of('g1'), allSeconds), series(without, of('g1'), () => 0)]);
  expect(await othersOf('x', 1).hostBusy(window())).toBe(0);
  expect(await othersOf('x', 2).hostBusy(window())).toBeUndefined();
  await remoteWrite(prometheus.url, [
    series(sampled, of('g2'), allSeconds),
    series(without, of('g2'), (ms) => Math.max(0, Math.min(30_000, ms)) / 1_000),
  ]);
  expect(await othersOf('x', 2).hostBusy(window())).toBeCloseTo(0.5, 1);
  expect(await othersOf('x', 9).hostBusy(window())).toBeCloseTo(0.5, 1);
  // The lead has CPU left; the host of g2 has not.
  const own = [{ atMs: endMs, forMs: WINDOW_MS, cpuUsedShare: 0, memoryAvailableBytes: 1, swapUsedBytes: 0 }];
  const cpu = await cpuOfHosts(own, othersOf('x', 2), [], endMs);
  expect(await cpu.hostBusy?.(window())).toBeCloseTo(0.5, 1);
});

test('where a gate reads the age of a loop, the host that gave a task the least CPU decides', async () => {
  await remoteWrite(prometheus.url, [
    series('belay_host_cpu_used_share', of('g3'), () => 1),
    series('belay_host_cpu_pressure_share', of('g3'), () => 1),
    series('belay_host_tasks_per_core', of('g3'), () => 5),
  ]);
  const idle = aGate({ source: { kind: 'idle', counter: 'cycles_total', by: [] } });
  const cpu = await cpuOfHosts(undefined, othersOf('x', 1), [idle], endMs);
  const halfMinute = { startMs: endMs - 30_000, endMs };
  expect(cpu.cpuTimeMs?.(halfMinute)).toBeLessThan(6_000);
  expect((await cpuOfHosts(undefined, othersOf('x', 1), [aGate()], endMs)).cpuTimeMs).toBeUndefined();
});

test('a reading waits until the samples of every host up to its moment have arrived', async () => {
  const arrived = (budgetMs: number): Promise<boolean> =>
    samplesArrived(client, { ...bounds, hosts: 2, atMs: endMs, budgetMs });
  await remoteWrite(prometheus.url, [
    series('up', { instance: 'belay-worker' }, () => 1),
    series('up', of('g1'), () => 1, endMs - 10_000),
  ]);
  expect(await arrived(600)).toBe(false);
  const waiting = arrived(30_000);
  await remoteWrite(prometheus.url, [series('up', of('g1'), (ms) => (ms > WINDOW_MS - 10_000 ? 1 : undefined))]);
  expect(await waiting).toBe(true);
});
