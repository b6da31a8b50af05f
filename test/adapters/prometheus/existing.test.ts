import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeCertificate } from '../../../src/adapters/fleet/certificate.ts';
import type { PrometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { evaluateGates } from '../../../src/adapters/prometheus/evaluate.ts';
import { existingOpening, federationTargets } from '../../../src/adapters/prometheus/existing.ts';
import { prometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { writeTargets, type RunningPrometheus } from '../../../src/adapters/prometheus/server.ts';
import { tryExistingPrometheus } from '../../../src/adapters/prometheus/try-existing.ts';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import { withScrapeErrors } from '../../../src/core/gates/scrape-errors.ts';
import type { GateResult } from '../../../src/core/gates/model.ts';
import type { ExistingPrometheus, FederatedJob } from '../../../src/core/model/existing-prometheus.ts';
import { federatedJobs } from '../../../src/core/plan/federation.ts';
import { ownIntervals } from '../../../src/core/plan/scrape-interval.ts';
import { lentSubstrate } from '../../../src/core/profile/lent-substrate.ts';
import type { GatePatch } from '../../../src/core/model/gate-patch.ts';
import { eventually } from '../eventually.ts';
import { campaignBench, type CampaignBench } from './campaign-prometheus.ts';
import { configuredPrometheus, type LonePrometheus } from './lone-prometheus.ts';
import { closed, listen, metricsServer, type MetricsServer } from './metrics-server.ts';

/** The campaign's clusters. */
const ONE = { firstCluster: 0, clusterCount: 1 };

const PASSWORD = 'a password of the owner';
const CLUSTER = { index: 0, name: 'bench-0' };

const GATES = resolveGates(
  {
    growth: { delta: { counter: 'attempts_total{job="scheduler"}' }, job: 'scheduler', max: 1e9, minSamples: 2 },
    pending: { query: 'max(pending_pods{job="scheduler"})', job: 'scheduler', max: 8, minSamples: 2 },
  },
  {},
  { machines: 1, pods: 1, clusters: 1 },
);

/** The scheduler of a cluster. It counts with time, so that a sample shows when it was taken. */
const served = (): string =>
  [
    '# TYPE attempts_total counter',
    `attempts_total ${Date.now()}`,
    '# TYPE pending_pods gauge',
    'pending_pods 7',
    'not_needed 1',
    '# TYPE attempts counter',
    'attempts 9',
    'process_start_time_seconds 1700000000',
    '',
  ].join('\n');

let bench: CampaignBench;
let schedulers: readonly MetricsServer[];
let theirs: LonePrometheus;
let theirClient: PrometheusClient;
let own: RunningPrometheus;
let ownClient: PrometheusClient;
let existing: ExistingPrometheus;

/** The Prometheus of the owner: the schedulers of two clusters behind one job, by TLS and with a password. */
beforeAll(async () => {
  bench = await campaignBench();
  schedulers = [await metricsServer(served), await metricsServer(served)];
  const { certificatePem, keyPem } = await makeCertificate({ address: '127.0.0.1', validMs: 3_600_000 });
  const file = (name: string, text: string): string => {
    const path = join(bench.home, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const files = {
    cert_file: file('cert.pem', certificatePem),
    key_file: file('key.pem', keyPem),
  };
  const login = {
    user: 'belay',
    secretFile: file('secret', `${PASSWORD}\n`),
    caFile: files.cert_file,
  };
  const staticConfigs = schedulers.map(({ address }, index) => ({
    targets: [address],
    labels: { cluster: ['staging', 'prod'][index] },
  }));
  theirs = await configuredPrometheus({
    config: JSON.stringify({
      global: { scrape_interval: '1s', external_labels: { replica: 'a' } },
      scrape_configs: [{ job_name: 'kube-scheduler', static_configs: staticConfigs }],
    }),
    web: {
      text: JSON.stringify({ tls_server_config: files, basic_auth_users: { belay: await hash(PASSWORD, 4) } }),
      opening: existingOpening({ url: 'https://127.0.0.1', jobs: {}, ...login }),
    },
  });
  existing = existingOf({ ...login });
  theirClient = prometheusClient(theirs.url, existingOpening(existing));
  own = await bench.start();
  ownClient = bench.client(own);
  await writeTargets(own, federationTargets(specOf(existing), CLUSTER), bench.bounds);
});

afterAll(async () => {
  await theirClient.close();
  await bench.close();
  await Promise.all([theirs.close(), ...schedulers.map((one) => one.close())]);
});

function existingOf(
  change: Partial<ExistingPrometheus> & { readonly job?: Partial<FederatedJob> },
): ExistingPrometheus {
  const { job, ...rest } = change;
  const labels = { job: 'kube-scheduler', cluster: 'staging' };
  return { url: theirs.url, jobs: { scheduler: { labels, targets: 1, scrapeIntervalMs: 1_000, ...job } }, ...rest };
}

function specOf(prometheus: ExistingPrometheus) {
  const substrate = lentSubstrate(['staging']);
  return {
    gates: GATES,
    substrate: { ...substrate, kubeconfig: { file: '', contexts: ['staging'], prometheus } },
  };
}

async function tried(prometheus: ExistingPrometheus): Promise<void> {
  await tryExistingPrometheus(specOf(prometheus), prometheus, ONE, bench.bounds);
}

/** Reads the gates over the last seconds, as a campaign does. */
async function read(lastMs: number): Promise<Readonly<Record<string, GateResult>>> {
  const nowMs = Date.now();
  const results = await evaluateGates({
    client: ownClient,
    gates: GATES,
    campaign: 'bench',
    execution: 1,
    campaignStartMs: nowMs - 60_000,
    expected: { scheduler: { count: 1, clusters: [CLUSTER.name] } },
    watchLimitMs: 1e9,
    window: { settleEndMs: nowMs - lastMs, soakEndMs: nowMs, nowMs },
    only: 'all',
    scrapeIntervalMs: 1_000,
    scrapeIntervals: ownIntervals(federatedJobs(specOf(existing).substrate)),
    gaps: [],
    signal: bench.signal,
    queryBudgetMs: 5_000,
  });
  const explained = withScrapeErrors(results, await ownClient.targets(bench.bounds), () => 'scheduler');
  return Object.fromEntries(explained.map((result) => [result.gate, result]));
}

test('an existing Prometheus is taken once it has a job as the substrate says', async () => {
  await eventually(() =>
    tried(existing).then(
      () => true,
      () => false,
    ),
  );
});

test.for<[string, Parameters<typeof existingOf>[0], RegExp]>([
  [
    'without the password',
    { secretFile: undefined, user: undefined } as never,
    /url: https:.* does not let this host in \(401\).*; allowed: a user and secretFile/,
  ],
  ['without the certificate', { caFile: undefined } as never, /self-signed certificate/],
  [
    'a file that is not there',
    { secretFile: '/nowhere/secret' },
    /secretFile: found \/nowhere\/secret, which cannot be read/,
  ],
  [
    'no such job',
    { job: { labels: { job: 'scheduler' } } },
    /jobs\.scheduler\.labels: found no series up{job="scheduler"}; its jobs: kube-scheduler$/,
  ],
  [
    'the targets of two clusters',
    { job: { labels: { job: 'kube-scheduler' } } },
    /label cluster is "prod", "staging"|label cluster is "staging", "prod"/,
  ],
  [
    'more targets than there are',
    { job: { targets: 2 } },
    /jobs\.scheduler\.targets: found 1 target: 127\.0\.0\.1:\d+; allowed: 1, or/,
  ],
  [
    'another interval',
    { job: { scrapeIntervalMs: 15_000 } },
    /scrapeInterval: found 15s, and a sample of 127\.0\.0\.1:\d+ every 1s; allowed: 1s/,
  ],
])('it is refused: %s', async ([, change, message]) => {
  const { user, secretFile, caFile } = existing;
  const given = { user, secretFile, caFile, ...change } as Parameters<typeof existingOf>[0];
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const refused = await refusal(() => tried(existingOf(defined)), message);
  expect(refused).toMatch(/^substrate lent: kubeconfig\.prometheus\./);
  expect(refused).not.toContain(PASSWORD);
});

test.for<[string, GatePatch, RegExp]>([
  [
    'a gate counts what its target calls a gauge',
    { delta: { counter: 'pending_pods{job="scheduler"}' }, max: 1 },
    /gates\.wrong: pending_pods is a gauge, as its target says/,
  ],
  [
    'a gate reads a counter without the name of one',
    { query: 'max(attempts{job="scheduler"})', min: 1 },
    /gates\.wrong: attempts is a counter, as its target says/,
  ],
])('it is refused: %s', async ([, patch, message]) => {
  const gates = resolveGates({ wrong: { ...patch, job: 'scheduler' } }, {}, { machines: 1, pods: 1, clusters: 1 });
  await refusal(() => tryExistingPrometheus({ ...specOf(existing), gates }, existing, ONE, bench.bounds), message);
});

test.for<[string, number, string, string]>([
  ['a page', 200, '<html>welcome</html>', 'FederationRefusal'],
  ['a server that knows no such path', 404, '404 page not found', 'FederationRefusal'],
  ['a login', 302, '', 'FederationRefusal'],
  ['a gateway without a server', 502, 'bad gateway', 'Error'],
])('what is no Prometheus is refused, and what may become one is tried again: %s', async ([, status, body, name]) => {
  const server = createServer((request, response) => {
    response.writeHead(status, { location: '/login' });
    response.end(`${body} ${request.headers.authorization}`);
  });
  const url = `http://127.0.0.1:${await listen(server)}`;
  const { user = '', secretFile = '' } = existing;
  const error = await tried(existingOf({ url, user, secretFile })).catch((cause: unknown) => cause as Error);
  expect(error).toMatchObject({ name });
  // A server that shows what it was sent.
  expect(error?.message).not.toContain(Buffer.from(`belay:${PASSWORD}`).toString('base64'));
  expect(error?.message).toContain('Basic …');
  await closed(server);
});

test('its series are those of the job in the cluster, as they were scraped there', async () => {
  const config = readFileSync(join(own.own?.folder ?? '', 'prometheus.yml'), 'utf8');
  expect(config).not.toContain(PASSWORD);
  await eventually(async () => (await raw(ownClient, 'attempts_total{job="scheduler"}')).points.length > 5);
  const here = await raw(ownClient, 'attempts_total{job="scheduler"}');
  const there = await raw(theirClient, 'attempts_total{cluster="staging"}', '5m');
  const { __name__: _name, ...labels } = here.labels;
  expect(labels).toEqual({ job: 'scheduler', cluster: CLUSTER.name, instance: schedulers[0]?.address, replica: 'a' });
  // A busy host may miss one now and then.
  const known = new Map(there.points);
  expect(here.points.filter(([atMs, value]) => known.get(atMs) !== value)).toEqual([]);
  const names = await ownClient.query('group by (__name__) ({job="scheduler"})', Date.now(), bench.bounds);
  const taken = names.map(({ labels: { __name__ = '' } }) => __name__).filter((name) => !name.startsWith('scrape_'));
  expect(taken.toSorted()).toEqual(['attempts_total', 'pending_pods', 'process_start_time_seconds', 'up']);
});

test('gates are measured by them; a target that is down there, and a Prometheus that is gone, are unmeasured by name', async () => {
  const measured = await eventually(async () => {
    const found = await read(5_000);
    return found['growth']?.verdict === 'pass' && found['pending']?.verdict === 'pass' && found;
  });
  expect(measured['pending']?.reading).toMatchObject({ value: 7, quality: 'measured' });

  schedulers[0]?.serve(undefined);
  const down = await eventually(async () => {
    const found = await read(5_000);
    return found['pending']?.reading.reason === 'target-down' && found;
  });
  expect(down['growth']?.verdict).toBe('unmeasured');
  expect(await ownClient.query('pending_pods{job="scheduler"}', Date.now(), bench.bounds)).toEqual([]);

  await theirs.close();
  const gone = await eventually(async () => {
    const found = await read(5_000);
    return found['pending']?.reading.reason === 'target-stale' && found;
  });
  expect(gone['pending']?.message).toMatch(
    /the last scrape of 127\.0\.0\.1:\d+ of bench-0 failed: .*connection refused/,
  );
});

async function raw(client: PrometheusClient, selector: string, back = '1m') {
  const [series = { labels: {}, points: [] }] = await client.queryRaw(`${selector}[${back}]`, Date.now(), bench.bounds);
  return series;
}

/** The message of a refusal. On a busy host the scrapes of a Prometheus come late, and that is what it is refused for at first. */
async function refusal(ask: () => Promise<void>, message: RegExp): Promise<string> {
  return await eventually(async () => {
    const found = await ask().then(
      () => '',
      (cause: unknown) => (cause as Error).message,
    );
    return message.test(found) && found;
  });
}
