import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger } from '../../../src/adapters/host/ledger.ts';
import { evaluateGates } from '../../../src/adapters/prometheus/evaluate.ts';
import type { Evaluation } from '../../../src/adapters/prometheus/evaluate.ts';
import type { ScrapeTarget } from '../../../src/adapters/prometheus/scrape-config.ts';
import type { RunningPrometheus } from '../../../src/adapters/prometheus/server.ts';
import { isStopped } from '../../../src/adapters/substrates/local/components.ts';
import { writeTargets } from '../../../src/adapters/prometheus/server.ts';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import type { GateResult, UnmeasuredReason } from '../../../src/core/gates/model.ts';
import type { TimeSpan } from '../../../src/core/gates/window.ts';
import type { GatePatch } from '../../../src/core/model/gate-patch.ts';
import { eventually } from '../eventually.ts';
import type { CampaignBench } from './campaign-prometheus.ts';
import { campaignBench } from './campaign-prometheus.ts';
import type { MetricsServer } from './metrics-server.ts';
import { histogramText, metricsServer } from './metrics-server.ts';

const SCALE = { machines: 10, pods: 100, clusters: 1 };
const BOUNDS = [0.1, 0.5, 1, 5];
/** Length of the window. On a host that is busy with other things it is longer: see `LONGEST_ABSENCE`. */
const WINDOW_MS = 14_000;
/** Soaks that are tried: the host may be too busy with other things to scrape every second. */
const ATTEMPTS = 3;
/** Share of the window for which the worker is away at most. It is a short absence, however late Prometheus finds its new port. */
const LONGEST_ABSENCE = 0.16;

const p99 = (name: string): string => `histogram_quantile(0.99, sum by (le) (rate(${name}_bucket[$window])))`;
const ratio = (part: string, whole: string): NonNullable<GatePatch['ratio']> => ({
  numerator: `sum(rate(${part}[$window]))`,
  denominator: `sum(rate(${whole}[$window]))`,
});

/**
 * Gates by the job that serves them, with what they must read: a number's check, or why there is none. A check also gets how many times
 * `WINDOW_MS` the window lasted.
 */
const EXPECTED: Record<
  string,
  { gate: GatePatch; reads: UnmeasuredReason | ((value: number, windows: number) => boolean) }
> = {
  latency: { gate: { query: p99('ok_seconds'), max: 1 }, reads: (value) => value > 0.4 && value < 0.5 },
  growth: {
    gate: { delta: { counter: 'sum(ok_total)' }, max: 1e6 },
    reads: (value, windows) => value >= 70 * windows && value <= 160 * windows,
  },
  perSecond: {
    gate: { delta: { counter: 'sum(ok_total)', perSecond: true }, max: 1e6 },
    reads: (value) => value >= 70_000 / WINDOW_MS && value <= 160_000 / WINDOW_MS,
  },
  rates: {
    gate: { ratio: ratio('ok_total', 'ok_all_total'), min: 0.4 },
    reads: (value) => Math.abs(value - 0.5) < 1e-6,
  },
  share: {
    gate: { share: { counter: 'sum(ok_total)', of: 'sum(ok_all_total)' }, min: 0.4 },
    reads: (value) => Math.abs(value - 0.5) < 1e-6,
  },
  exact: {
    gate: { quantile: { of: 0.99, histogram: 'ok_seconds_bucket' }, max: 0.5 },
    reads: (value) => value > 0.4 && value < 0.5,
  },
  inBucket: { gate: { query: p99('ok_seconds'), max: 0.4 }, reads: 'bar-in-bounds' },
  inBucketExact: {
    gate: { quantile: { of: 0.99, histogram: 'ok_seconds_bucket' }, max: 0.45 },
    reads: 'bar-in-bounds',
  },
  beyondBucket: {
    gate: { quantile: { of: 0.99, histogram: 'ok_seconds_bucket' }, max: 0.1 },
    reads: (value) => value > 0.4,
  },
  zero: {
    gate: { query: 'sum(ok_total{kind="never"})', absentIs: 0, job: 'healthy', max: 0 },
    reads: (value) => value === 0,
  },
  zeroGrowth: {
    gate: { delta: { counter: 'sum(ok_total{kind="never"})' }, absentIs: 0, job: 'healthy', max: 0 },
    reads: (value) => value === 0,
  },
  zeroOfUnknownName: {
    gate: { delta: { counter: 'sum(ok_totle)' }, absentIs: 0, job: 'healthy', max: 0 },
    reads: 'no-series',
  },
  unknownValue: { gate: { query: 'sum(ok_total{kind="never"}) or vector(0)', max: 0 }, reads: 'no-series' },
  unknownValueGrowth: { gate: { delta: { counter: 'sum(ok_total{kind="never"})' }, max: 0 }, reads: 'no-series' },
  unknownBesideKnown: { gate: { query: 'ok_totle or 0 * ok_gauge', max: 0 }, reads: 'no-series' },
  unknownInAbsent: { gate: { query: 'sum(ok_gauge) * absent(ok_totle)', max: 8 }, reads: 'no-series' },
  born: { gate: { delta: { counter: 'sum(born_total)' }, max: 1e6 }, reads: (value) => value === 500 },
  bornShare: {
    gate: { share: { counter: 'sum(born_total)', of: 'sum(born_total) + sum(ok_total)' }, min: 0.5 },
    reads: (value, windows) => value >= 500 / (500 + 160 * windows) && value <= 500 / (500 + 70 * windows),
  },
  // The target has no label `cluster`, its series have.
  bornInOwnCluster: { gate: { delta: { counter: 'sum(own_total)' }, max: 1e6 }, reads: (value) => value === 300 },
  bornUnderRate: { gate: { query: 'sum(rate(born_total[$window]))', max: 0 }, reads: 'born-in-window' },
  bornUnderFixedRate: { gate: { query: 'sum(increase(born_total[300s])) / 2', max: 0 }, reads: 'born-in-window' },
  hiddenNaN: { gate: { query: 'max(partly_nan)', max: 8 }, reads: 'nan' },
  missedScrape: { gate: { query: 'sum(flaky_gauge)', max: 8, job: 'flaky' }, reads: (value) => value === 5 },
  hungLoop: { gate: { idle: { counter: 'loop_total{shard="b"}' }, max: 3 }, reads: (value) => value > 5 },
  hungLoopOfTwo: { gate: { idle: { counter: 'loop_total' }, max: 3 }, reads: (value) => value > 5 },
  busyLoop: { gate: { idle: { counter: 'loop_total{shard="a"}' }, max: 5 }, reads: (value) => value <= 3 },
  precomputed: { gate: { query: 'max(summary_seconds{quantile="0.99"})', max: 8 }, reads: 'precomputed-quantile' },
  emptyGroup: {
    gate: { query: 'max(histogram_quantile(0.9, sum by (le, shard) (rate(two_seconds_bucket[$window]))))', max: 1 },
    reads: 'no-events',
  },
  emptyGroupExact: {
    gate: { quantile: { of: 0.9, histogram: 'two_seconds_bucket', by: ['shard'] }, max: 1 },
    reads: 'no-events',
  },
  emptyGroupSkipped: {
    gate: { quantile: { of: 0.9, histogram: 'two_seconds_bucket', by: ['shard'], emptyGroups: 'skip' }, max: 1 },
    reads: (value) => value > 0.1 && value < 0.5,
  },
  gauge: { gate: { query: 'max(ok_gauge)', job: 'healthy', max: 8 }, reads: (value) => value === 7 },
  comeback: { gate: { query: 'max(worker_gauge)', max: 8, job: 'worker' }, reads: (value) => value === 3 },
  comebackGrowth: { gate: { delta: { counter: 'worker_total' }, max: 1e6 }, reads: 'bar-in-bounds' },
  // What was counted between the last sample and the restart is lost: the growth is at least what was seen.
  reset: { gate: { delta: { counter: 'reset_total' }, max: 1e6 }, reads: 'bar-in-bounds' },
  resetBreach: {
    gate: { delta: { counter: 'reset_total' }, max: 3 },
    reads: (value, windows) => value >= 7 * windows && value <= 16 * windows,
  },
  resetEnough: {
    gate: { delta: { counter: 'reset_total' }, min: 3 },
    reads: (value, windows) => value >= 7 * windows && value <= 16 * windows,
  },
  misspelt: { gate: { query: 'sum(ok_totle)', max: 1 }, reads: 'no-series' },
  misspeltWithDefault: { gate: { query: 'sum(ok_totle) or vector(0)', max: 1 }, reads: 'no-series' },
  wrongLabel: { gate: { query: 'sum(ok_total{kind="never"})', max: 1 }, reads: 'no-series' },
  wrongJob: { gate: { query: 'max(ok_gauge)', job: 'nobody', max: 8 }, reads: 'no-series' },
  vanished: { gate: { query: 'sum(rate(vanishing_total[$window]))', max: 1e6 }, reads: 'no-series' },
  notANumber: { gate: { query: 'max(nan_gauge)', max: 1 }, reads: 'nan' },
  infinite: { gate: { query: 'max(inf_gauge)', max: 1 }, reads: 'infinite' },
  several: { gate: { query: '{__name__=~"ok_.*total"}', max: 1e9 }, reads: 'query-error' },
  refused: { gate: { query: 'ok_gauge', max: 1 }, reads: 'query-error' },
  topBucket: { gate: { query: `max(${p99('top_seconds')})`, max: 100 }, reads: 'saturated' },
  beyond: { gate: { query: p99('beyond_seconds'), max: 100 }, reads: 'saturated' },
  stalls: { gate: { query: p99('stalls_seconds'), max: 100 }, reads: 'saturated' },
  masked: { gate: { query: 'max(ok_gauge * (1 - (ok_gauge > bool 5)))', max: 5 }, reads: 'empty' },
  maskedAndScaled: { gate: { query: 'max(ok_gauge / (2 + 9 * (ok_gauge > bool 5)))', max: 3 }, reads: 'empty' },
  remainder: { gate: { query: 'max(ok_gauge % 5)', max: 4 }, reads: 'empty' },
  allButTheLargest: { gate: { query: 'sum(ok_gauge unless topk(1, ok_gauge)) or vector(0)', max: 5 }, reads: 'empty' },
  rightSideOfOr: { gate: { query: 'max(twin_gauge{job="twin"}) or on () max(ok_gauge)', max: 5 }, reads: 'empty' },
  countOfAHistogram: { gate: { query: 'sum(ok_seconds_count)', min: 1 }, reads: 'query-error' },
  movedChange: { gate: { query: 'max(delta(ok_gauge[3s] offset 1s))', max: 0 }, reads: (value) => value === 0 },
  withoutALabel: { gate: { query: 'max(max without (instance) (ok_gauge))', max: 8 }, reads: (value) => value === 7 },
  nanCompared: { gate: { query: 'sum(partly_nan > bool 5)', max: 0 }, reads: 'nan' },
  nanFiltered: { gate: { query: 'sum(partly_nan > 5) or vector(0)', max: 0 }, reads: 'nan' },
  scalarOfTwo: { gate: { query: 'sum(ok_gauge) > bool scalar(partly_nan)', max: 0 }, reads: 'nan' },
  compared: { gate: { query: 'sum(loop_total > bool 1000000)', max: 0 }, reads: (value) => value === 0 },
  misspeltGroup: { gate: { query: 'min(sum by (shrd) (loop_total))', min: 1 }, reads: 'no-series' },
  misspeltGroups: {
    gate: { quantile: { of: 0.9, histogram: 'two_seconds_bucket', by: ['shrd'] }, max: 1 },
    reads: 'no-series',
  },
  hungLoopBehindAnother: { gate: { idle: { counter: 'loop_total', by: ['shrd'] }, max: 5 }, reads: 'no-series' },
  misspeltExclusion: { gate: { delta: { counter: 'ok_total{knd!="b"}' }, max: 1e6 }, reads: 'no-series' },
  exclusion: { gate: { delta: { counter: 'ok_total{kind!="b"}' }, max: 1e6 }, reads: (value) => value >= 70 },
  oneOfSeveralNames: { gate: { query: 'sum({__name__=~"ok_gauge|ok_gouge"})', max: 8 }, reads: 'no-series' },
  withoutPartner: { gate: { query: 'max(loop_total / on (shard) loop_total{shard="a"})', max: 9 }, reads: 'empty' },
  noneBehindDefault: {
    gate: { query: 'max(loop_total{shard="b"} / on (shard) loop_total{shard="a"}) or vector(0)', max: 1 },
    reads: 'empty',
  },
  nothingIsAll: {
    gate: { query: '(sum(ok_gauge) / (sum(quiet_total - 5) > 0)) or vector(1)', min: 0.9 },
    reads: 'no-events',
  },
  partlyAbsent: {
    gate: { query: 'sum(ok_gauge) + sum(ok_total{kind="never"})', absentIs: 0, job: 'healthy', max: 8 },
    reads: (value) => value === 7,
  },
  beforeTheWindow: { gate: { query: 'max(ok_gauge offset 300s)', max: 8 }, reads: 'too-few-samples' },
  longerThanTheWindow: { gate: { query: 'max(max_over_time(ok_gauge[300s]))', max: 8 }, reads: 'too-few-samples' },
  fixedMoment: { gate: { query: 'max(ok_gauge @ 1000000000)', max: 8 }, reads: 'too-few-samples' },
  afterTheWindow: { gate: { query: 'max(ok_gauge offset -5s)', max: 8 }, reads: 'query-error' },
  change: { gate: { query: 'sum(ok_gauge) - sum(ok_gauge offset $window)', max: 0 }, reads: (value) => value === 0 },
  held: { gate: { query: 'sum(last_over_time(ending_gauge[$window]))', min: 3 }, reads: 'no-series' },
  emptyForAWhile: { gate: { query: 'min_over_time(sum(paused_gauge)[$window:1s])', min: 3 }, reads: 'empty' },
  notEmpty: { gate: { query: 'min_over_time(sum(ok_gauge)[$window:1s])', min: 7 }, reads: (value) => value === 7 },
  lifelongBuckets: {
    gate: { query: 'histogram_quantile(0.99, sum by (le) (ok_seconds_bucket))', max: 1 },
    reads: 'query-error',
  },
  plainCounterReset: { gate: { query: 'sum(reset_total)', max: 1e6 }, reads: 'counter-reset' },
  gaugeGrowth: { gate: { query: 'sum(delta(reset_total[$window]))', max: 1e6 }, reads: 'counter-reset' },
  gaugeAsCounter: { gate: { delta: { counter: 'falling_gauge' }, max: 3 }, reads: 'query-error' },
  mixedBounds: { gate: { quantile: { of: 0.6, histogram: 'mixed_seconds_bucket' }, max: 5 }, reads: 'nan' },
  mixedBoundsRate: {
    gate: { query: 'histogram_quantile(0.6, sum by (le) (rate(mixed_seconds_bucket[$window])))', max: 5 },
    reads: 'nan',
  },
  twice: { gate: { query: 'sum(twin_gauge)', min: 5 }, reads: 'query-error' },
  once: { gate: { query: 'sum(twin_gauge{job="twin"})', min: 4 }, reads: (value) => value === 4 },
  twoServers: { gate: { delta: { counter: 'balanced_total' }, max: 1e9 }, reads: 'several-processes' },
  twoServersRate: { gate: { query: 'sum(rate(balanced_total[$window]))', max: 1e9 }, reads: 'several-processes' },
  twoServersGauge: { gate: { query: 'max(balanced_gauge)', max: 8 }, reads: 'several-processes' },
  quiet: { gate: { query: p99('quiet_seconds'), max: 1 }, reads: 'no-events' },
  quietRatio: { gate: { ratio: ratio('ok_total', 'quiet_total'), min: 0.9 }, reads: 'no-events' },
  down: { gate: { query: 'sum(ok_total)', job: 'down', max: 1e9 }, reads: 'target-down' },
  halfDown: { gate: { query: 'max(ok_gauge)', job: 'mostly-down', max: 8 }, reads: 'target-down' },
  few: { gate: { query: 'max(ok_gauge)', minSamples: 500, max: 8 }, reads: 'too-few-samples' },
};

function target(job: string, server: MetricsServer): ScrapeTarget {
  return { job, cluster: 'one', scheme: 'http', address: server.address, path: '/metrics', tls: {} };
}

function workerText(bornMs: number): string {
  const age = Math.round((Date.now() - bornMs) / 100);
  return `worker_gauge 3\nworker_total ${age}\nprocess_start_time_seconds ${bornMs / 1000}\n`;
}

describe('evaluateGates on a real Prometheus', () => {
  let bench: CampaignBench;
  let prometheus: RunningPrometheus;
  let results: ReadonlyMap<string, GateResult>;
  let evaluation: Evaluation;
  let windows: number;
  const servers: MetricsServer[] = [];

  const serve = async (text: () => string | undefined): Promise<MetricsServer> => {
    const server = await metricsServer(text);
    servers.push(server);
    return server;
  };

  /** Serves, scrapes and disturbs. @returns what is then judged, and whether the targets were scraped as they are here meant to be */
  const soaked = async (): Promise<{ readonly soak: Evaluation; readonly isScraped: boolean }> => {
    let scrapes = 0;
    const startedS = Date.now() / 1_000 - 60;
    const healthy = await serve(() => {
      scrapes += 1;
      return [
        `ok_total{kind="a"} ${scrapes * 10}`,
        `ok_all_total ${scrapes * 20}`,
        'ok_gauge 7',
        `process_start_time_seconds ${startedS}`,
        'nan_gauge NaN',
        'inf_gauge +Inf',
        'quiet_total 5',
        ...(scrapes < 8 ? [] : ['born_total{kind="error"} 500']),
        'partly_nan{shard="a"} 1',
        'partly_nan{shard="b"} NaN',
        `loop_total{shard="a"} ${scrapes}`,
        `loop_total{shard="b"} ${Math.min(scrapes, 6)}`,
        'summary_seconds{quantile="0.99"} 1',
        histogramText('two_seconds', BOUNDS, [0, scrapes * 100, 0, 0, 0], scrapes * 30, 'shard="a"'),
        histogramText('two_seconds', BOUNDS, [0, 100, 0, 0, 0], 30, 'shard="b"'),
        '# TYPE falling_gauge gauge',
        `falling_gauge ${scrapes < 8 ? 9 : 5}`,
        'ending_gauge{shard="a"} 3',
        ...(scrapes < 8 ? ['ending_gauge{shard="b"} 3'] : []),
        ...(scrapes > 5 && scrapes < 14 ? [] : ['paused_gauge 3']),
        histogramText('mixed_seconds', [1, 5, 9], [scrapes * 10, 0, 0, 0], scrapes, 'part="a"'),
        histogramText('mixed_seconds', [2, 5, 9], [scrapes * 10, 0, 0, 0], scrapes, 'part="b"'),
        `reset_total ${scrapes < 8 ? scrapes + 100 : scrapes - 7}`,
        ...(scrapes < 8 ? [`vanishing_total ${scrapes}`] : []),
        histogramText('ok_seconds', BOUNDS, [0, scrapes * 100, 0, 0, 0], scrapes * 30),
        histogramText('top_seconds', BOUNDS, [scrapes * 90, 0, 0, scrapes * 10, 0], scrapes * 30),
        histogramText('beyond_seconds', BOUNDS, [scrapes * 90, 0, 0, 0, scrapes * 10], scrapes * 300),
        histogramText('stalls_seconds', BOUNDS, [scrapes * 995, 0, 0, 0, scrapes * 5], scrapes * 36_000),
        histogramText('quiet_seconds', BOUNDS, [3, 0, 0, 0, 0], 1),
      ].join('\n');
    });
    const off = await serve(() => undefined);
    const mostlyOff = await serve(() => (scrapes > 4 ? undefined : 'some_gauge 1\n'));
    let flakyScrapes = 0;
    // The eighth and the sixteenth scrape fail.
    const flaky = await serve(() => ([8, 16].includes(++flakyScrapes) ? undefined : 'flaky_gauge 5\n'));
    let ownScrapes = 0;
    const own = await serve(() =>
      [
        `process_start_time_seconds ${startedS}`,
        ++ownScrapes < 8 ? 'own_gauge 1' : 'own_total{cluster="two"} 300',
        '',
      ].join('\n'),
    );
    const twin = await serve(() => `twin_gauge 4\nprocess_start_time_seconds ${startedS}\n`);
    let balancedScrapes = 0;
    // A load balancer before two API servers: each scrape reaches the other one.
    const balanced = await serve(() => {
      balancedScrapes += 1;
      const [start, total] = balancedScrapes % 2 === 0 ? [startedS, 1_500_000] : [startedS - 5_000, 3];
      return `balanced_total ${total + balancedScrapes}\nbalanced_gauge 1\nprocess_start_time_seconds ${start}\n`;
    });
    const firstBorn = Date.now() - 60_000;
    const worker = await serve(() => workerText(firstBorn));
    await writeTargets(
      prometheus,
      [
        target('healthy', healthy),
        target('down', off),
        target('mostly-down', mostlyOff),
        target('worker', worker),
        target('flaky', flaky),
        target('balanced', balanced),
        target('twin', twin),
        target('twin-again', twin),
        { ...target('own', own), cluster: '' },
      ],
      bench.bounds,
    );
    const client = bench.client(prometheus);
    while (
      (await client.query('ok_gauge and on() worker_gauge and on() own_gauge', Date.now(), bench.bounds)).length === 0
    )
      await sleep(100);
    const soakStartMs = Date.now();
    await sleep(4_000);
    // The worker dies and is back on another port at once, in place of itself: two or three scrapes fail.
    await worker.close();
    const bornAt = Date.now();
    const next = await serve(() => workerText(bornAt));
    await writeTargets(prometheus, [target('worker', next)], bench.bounds);
    await eventually(async () => {
      const up = `up{job="worker", instance="${next.address}"} == 1`;
      return (await client.query(up, Date.now(), bench.bounds)).length > 0;
    });
    // Scrapes before and after it add up to two intervals.
    const absentMs = Date.now() - bornAt + 2 * prometheus.scrapeIntervalMs;
    const windowMs = Math.max(WINDOW_MS, Math.ceil(absentMs / LONGEST_ABSENCE));
    const endMs = soakStartMs + windowMs;
    await sleep(endMs - Date.now());
    const ups = await client.queryRaw(`up{job!="worker"}[${windowMs}ms]`, endMs, bench.bounds);
    const gapsMs = ups.flatMap(({ points }) =>
      [soakStartMs, ...points.map(([atMs]) => atMs)].map((atMs, index) => (points[index]?.[0] ?? endMs) - atMs),
    );
    const isScraped = windowMs <= 2 * WINDOW_MS && Math.max(...gapsMs) <= 3 * prometheus.scrapeIntervalMs;

    const gates = resolveGates(
      {},
      Object.fromEntries(Object.entries(EXPECTED).map(([name, { gate }]) => [name, gate])),
      SCALE,
      // Belay refuses this query before it asks; a stored definition may still contain one that Prometheus refuses.
    ).map((gate) =>
      gate.name === 'refused' ? { ...gate, source: { kind: 'query' as const, query: 'rate(ok_gauge)' } } : gate,
    );
    const soak: Evaluation = {
      client,
      gates,
      campaign: 'bench',
      execution: 1,
      campaignStartMs: soakStartMs - 60_000,
      expected: {},
      watchLimitMs: 30_000,
      window: {
        settleEndMs: soakStartMs,
        soakEndMs: endMs,
        nowMs: endMs,
      },
      gaps: [],
      only: 'all',
      scrapeIntervalMs: prometheus.scrapeIntervalMs,
      signal: bench.signal,
      queryBudgetMs: 10_000,
    };
    return { soak, isScraped };
  };

  const close = async (): Promise<void> => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    await bench.close();
  };

  beforeAll(async () => {
    for (let attempt = 1; ; attempt += 1) {
      bench = await campaignBench();
      prometheus = await bench.start();
      const { soak, isScraped } = await soaked();
      evaluation = soak;
      if (isScraped || attempt === ATTEMPTS) break;
      await close();
    }
    const { settleEndMs, soakEndMs } = evaluation.window;
    windows = (soakEndMs - settleEndMs) / WINDOW_MS;
    results = new Map((await evaluateGates(evaluation)).map((result) => [result.gate, result]));
  });

  afterAll(close);

  it.each(Object.keys(EXPECTED))('reads %s', (name) => {
    const { reads } = EXPECTED[name] ?? { reads: 'not-evaluated' };
    const reading = results.get(name)?.reading;
    if (typeof reads === 'string') {
      expect(reading).toMatchObject({ value: null, quality: 'unmeasured', reason: reads, detail: expect.any(String) });
    } else {
      expect(reading).toMatchObject({ quality: 'measured', value: expect.any(Number) });
      expect(reads(reading?.value ?? Number.NaN, windows), `value ${reading?.value}`).toBe(true);
      expect(reading?.samples).toBeGreaterThanOrEqual(5);
    }
  });

  it('gives the same readings again for the same moment', async () => {
    const again = await evaluateGates(evaluation);
    expect(again).toEqual([...results.values()]);
  });

  it('makes readings across a gap in the ground unmeasured, of the jobs it touches', async () => {
    const startMs = evaluation.window.settleEndMs + 2_000;
    const gap = { startMs, endMs: startMs + 1_000, cluster: 'one', component: 'kube-apiserver' };
    const before = { ...gap, startMs: startMs - 60_000, endMs: startMs - 59_000 };
    const gates = evaluation.gates.filter((gate) => gate.name === 'gauge');
    const [touched] = await evaluateGates({ ...evaluation, gates, gaps: [gap] });
    const [untouched] = await evaluateGates({ ...evaluation, gates, gaps: [before] });
    expect(touched?.reading).toMatchObject({ quality: 'unmeasured', reason: 'infrastructure-gap' });
    expect(untouched?.reading).toMatchObject({ quality: 'measured' });
  });

  it('marks readings of a host without CPU, and measures no time beyond its bar there', async () => {
    const [good, bad] = ['latency', 'beyondBucket'].map((name) => evaluation.gates.find((gate) => gate.name === name));
    if (good === undefined || bad === undefined) throw new Error('no such gates');
    const gates = [good, { ...bad, unit: 's' }];
    const { settleEndMs, soakEndMs } = evaluation.window;
    const hostBusy = ({ startMs, endMs }: TimeSpan): number =>
      startMs === settleEndMs && endMs === soakEndMs ? 0.5 : 0;
    const marked = await evaluateGates({ ...evaluation, gates, hostBusy });
    expect(marked).toMatchObject([
      { verdict: 'pass', reading: { quality: 'measured', hostBusy: 0.5 } },
      { verdict: 'unmeasured', reading: { reason: 'host-saturated', hostBusy: 0.5 } },
    ]);
    const quiet = await evaluateGates({ ...evaluation, gates, hostBusy: () => 0 });
    expect(quiet.map(({ verdict }) => verdict)).toEqual(['pass', 'fail']);
  });

  it('judges the age of a loop by the time that the host had CPU for', async () => {
    const gates = evaluation.gates.filter(({ name }) => name === 'hungLoop');
    const busy = { ...evaluation, gates, hostBusy: () => 1 };
    const [loop] = await evaluateGates({ ...busy, cpuTimeMs: ({ startMs, endMs }) => (endMs - startMs) / 100 });
    expect(loop).toMatchObject({ verdict: 'unmeasured', reading: { reason: 'host-saturated' } });
    const [hung] = await evaluateGates({ ...busy, cpuTimeMs: ({ startMs, endMs }) => endMs - startMs });
    expect(hung).toMatchObject({ verdict: 'fail', reading: { withCpu: hung?.reading.value } });
  });

  it('reads nothing while the soak settles, and only fail-fast gates when asked for those', async () => {
    const window = { ...evaluation.window, settleEndMs: evaluation.window.nowMs + 5_000 };
    const gates = evaluation.gates.map((gate) => ({ ...gate, failFast: gate.name === 'latency' }));
    const settling = await evaluateGates({ ...evaluation, gates, window, only: 'failFast' });
    expect(settling.map(({ gate, reading }) => [gate, reading.reason])).toEqual([['latency', 'too-few-samples']]);
  });

  it('ends with query errors where Prometheus is frozen, and with stale targets after it', async () => {
    const record = readLedger(bench.slug)?.processes.find((one) => one.name === 'prometheus');
    const pid = record?.pid ?? 0;
    const gates = evaluation.gates.filter((gate) => gate.name === 'gauge' || gate.name === 'growth');
    process.kill(pid, 'SIGSTOP');
    // A process stops thread by thread: what is under way on another core may still be answered or scraped.
    await eventually(() => isStopped(pid));
    await sleep(500);
    const nowMs = Date.now() + 6_000;
    const window = { settleEndMs: Date.now(), soakEndMs: nowMs, nowMs };
    try {
      const frozen = await evaluateGates({ ...evaluation, gates, queryBudgetMs: 500 });
      expect(frozen.map(({ reading }) => reading.reason)).toEqual(['query-error', 'query-error']);
      expect(frozen[0]?.reading.detail).toContain('within 500 ms');
      // Past the window's end: the scrape it does at once when it goes on must not fall into the window.
      await sleep(window.nowMs - Date.now() + 500);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    const after = await evaluateGates({ ...evaluation, gates, window });
    expect(after.map(({ reading }) => reading.reason)).toEqual(['target-stale', 'target-stale']);
  });

  it('stops when the caller does', async () => {
    const abort = new AbortController();
    abort.abort(new Error('the activity was cancelled'));
    await expect(evaluateGates({ ...evaluation, signal: abort.signal })).rejects.toThrow('the activity was cancelled');
  });
});
