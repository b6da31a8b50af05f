import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { connectCluster, type ClusterClient } from '../../../src/adapters/kube/client.ts';
import { evaluateGates, type Evaluation } from '../../../src/adapters/prometheus/evaluate.ts';
import type { ScrapeTarget } from '../../../src/adapters/prometheus/scrape-config.ts';
import { writeTargets } from '../../../src/adapters/prometheus/server.ts';
import { systemScrapeTargets } from '../../../src/adapters/systems/scrape-targets.ts';
import { SystemNotReady } from '../../../src/adapters/systems/system-ready.ts';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import { withScrapeErrors } from '../../../src/core/gates/scrape-errors.ts';
import type { GatePatch } from '../../../src/core/model/gate-patch.ts';
import type { System } from '../../../src/core/model/system.ts';
import { parseSystem } from '../../../src/core/profile/parse.ts';
import type { TestCluster } from '../../cluster.ts';
import { startCluster } from '../../cluster.ts';
import { eventually } from '../eventually.ts';
import type { CampaignBench } from './campaign-prometheus.ts';
import { campaignBench } from './campaign-prometheus.ts';
import { closed } from './metrics-server.ts';

type Credentials = Readonly<Record<string, string>>;
interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Credentials }[];
  readonly users: readonly { readonly user: Credentials }[];
}

describe("scraping a real apiserver's metrics", () => {
  let cluster: TestCluster;
  let bench: CampaignBench;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'belay-scrape-'));
    cluster = await startCluster();
    bench = await campaignBench('scrape');
  });
  afterAll(async () => {
    await bench.close();
    await cluster.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A credential of the kubeconfig as a file: named there, or written out of it. */
  const fileOf = (entry: Credentials | undefined, name: string): string => {
    const named = entry?.[name];
    if (named !== undefined) return named;
    const path = join(folder, name);
    writeFileSync(path, Buffer.from(entry?.[`${name}-data`] ?? '', 'base64'));
    return path;
  };

  it('gives each job its own certificates: with them it is up, without them it is down', async () => {
    const kubeconfig = parse(readFileSync(cluster.kubeconfigPath, 'utf8')) as Kubeconfig;
    const [server, user] = [kubeconfig.clusters[0]?.cluster, kubeconfig.users[0]?.user];
    const anyone: ScrapeTarget = {
      job: 'anyone',
      cluster: 'test',
      scheme: 'https',
      address: new URL(server?.['server'] ?? '').host,
      path: '/metrics',
      tls: { insecure: true },
    };
    const admin: ScrapeTarget = {
      ...anyone,
      job: 'apiserver',
      tls: {
        caFile: fileOf(server, 'certificate-authority'),
        certFile: fileOf(user, 'client-certificate'),
        keyFile: fileOf(user, 'client-key'),
      },
    };
    const prometheus = await bench.start();
    await writeTargets(prometheus, [admin, anyone], bench.bounds);
    const client = bench.client(prometheus);
    let up: Record<string, number> = {};
    for (let tries = 0; Object.keys(up).length < 2 && tries < 300; tries += 1) {
      await sleep(100);
      const samples = await client.query('up', Date.now(), bench.bounds);
      up = Object.fromEntries(samples.map(({ labels, value }) => [labels['job'], value]));
    }
    expect(up).toEqual({ apiserver: 1, anyone: 0 });
    const requests = await client.query('sum(apiserver_request_total{cluster="test"})', Date.now(), bench.bounds);
    expect(requests[0]?.value).toBeGreaterThan(0);
  });

  it("reads a system's metrics behind TLS with a token, and in its Pods through the API server's proxy", async () => {
    const client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath });
    const pods = await servedPods(client);
    try {
      const record: ClusterRecord = {
        index: 0,
        name: 'c0',
        kubeconfigPath: cluster.kubeconfigPath,
        context: '',
        owned: false,
        uid: '',
      };
      await scrapeRights(client);
      writeFileSync(join(folder, 'wrong-token'), 'nobody');
      const system = systemOf(client.server);
      const within = { signal: bench.signal, budgetMs: 30_000 };
      const find = (): Promise<readonly ScrapeTarget[]> =>
        systemScrapeTargets({ spec: { slug: bench.slug }, system, systemFolder: folder, cluster: record }, within);
      const targets = await eventually(() => find().catch((cause: unknown) => refuseOthers(cause)));

      const [tokenFile] = targets.flatMap(({ job, bearerFile }) => (job === 'token' ? [bearerFile ?? ''] : []));
      const token = readFileSync(tokenFile ?? '', 'utf8');
      expect(token).toMatch(/^ey/);
      expect(statSync(tokenFile ?? '').mode & 0o777).toBe(0o600);
      expect(targets.map(({ job, labels }) => `${job} ${labels?.['instance'] ?? ''}`)).toEqual([
        'token ',
        'wrong ',
        'identity ',
        ...['pods', 'service'].flatMap((job) => pods.ports.map((port, index) => `${job} app-${index}:${port}`)),
      ]);

      const prometheus = await bench.start();
      await writeTargets(prometheus, targets, bench.bounds);
      const config = readdirSync(prometheus.own?.folder ?? '', { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(?:yml|json)$/.test(entry.name))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
      expect(config.length).toBeGreaterThan(8);
      expect(config.filter((text) => text.includes(token))).toEqual([]);

      const asked = bench.client(prometheus);
      const gates = resolveGates({}, GATES, { machines: 1, pods: 1, clusters: 1 });
      const beganAtMs = Date.now();
      const results = await eventually(async () => {
        const nowMs = Date.now();
        const window = { settleEndMs: nowMs - 3_000, soakEndMs: nowMs, nowMs };
        if (nowMs < beganAtMs + 6_000) return undefined;
        const read = await evaluateGates({ ...evaluationOf(bench), client: asked, gates, window });
        const isRead = read.every(({ reading, gate }) => gate === 'wrong' || reading.value !== null);
        return isRead ? read : undefined;
      });
      const explained = withScrapeErrors(results, await asked.targets(bench.bounds), (gate) => GATES[gate]?.job);
      expect(explained.map(({ gate, reading }) => [gate, reading.value])).toEqual([
        ['token', expect.any(Number)],
        ['identity', expect.any(Number)],
        ['pods', 2],
        ['service', 2],
        ['wrong', null],
      ]);
      const wrong = explained.find(({ gate }) => gate === 'wrong');
      expect(wrong?.reading.reason).toBe('target-down');
      expect(wrong?.message).toMatch(/; the last scrape of \S+ of c0 failed: .*401 Unauthorized/);
      // The parameters and the path that the entry asks for reached the Pods.
      expect(pods.asked).toContain('/custom/metrics?format=text&format=long');
    } finally {
      await pods.close();
      await client.close();
    }
  });
});

/** Gates on what the system of the test serves. */
const GATES: Readonly<Record<string, GatePatch>> = {
  token: { query: 'max(process_start_time_seconds{job="token"})', min: 1, job: 'token', minSamples: 2 },
  identity: { query: 'max(process_start_time_seconds{job="identity"})', min: 1, job: 'identity', minSamples: 2 },
  pods: { query: 'sum(app_ready{job="pods"})', min: 2, job: 'pods', minSamples: 2 },
  service: { query: 'sum(app_ready{job="service"})', min: 2, job: 'service', minSamples: 2 },
  wrong: { query: 'max(process_start_time_seconds{job="wrong"})', min: 1, job: 'wrong', minSamples: 2 },
};

/** The system file of the test: every way to scrape that is not a local process. */
function systemOf(server: string): System {
  const secret = '{ namespace: default, name: scraper, key: token }';
  const tls = 'tls: { caSecret: { namespace: default, name: scraper, key: ca.crt } }';
  const parsed = parseSystem(
    `apiVersion: belay.dev/v1
kind: System
metadata: { name: app }
scrape:
  - { job: token, url: '${server}', ${tls}, bearer: { secret: ${secret} }, interval: 1s, timeout: 900ms }
  - { job: wrong, url: '${server}/metrics', ${tls}, bearer: { file: wrong-token } }
  - { job: identity, url: '${server}', ${tls}, identity: kubeconfig }
  - job: pods
    pods: { namespace: default, selector: app=app, port: metrics }
    scheme: https
    path: /custom/metrics
    params: { format: [text, long] }
    fallbackProtocol: PrometheusText0.0.4
  - { job: service, service: { namespace: default, name: app, port: 80 }, scheme: https, fallbackProtocol: PrometheusText0.0.4 }
`,
    { file: 'app.yaml' },
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.value;
}

function evaluationOf(bench: CampaignBench): Omit<Evaluation, 'client' | 'gates' | 'window'> {
  return {
    campaign: bench.slug,
    execution: 1,
    campaignStartMs: Date.now() - 60_000,
    expected: {},
    watchLimitMs: 30_000,
    gaps: [],
    only: 'all',
    scrapeIntervalMs: 1_000,
    signal: bench.signal,
    queryBudgetMs: 10_000,
  };
}

/** A Secret gets its token, and a Pod its readiness, a moment after it was made; everything else is an error of the test. */
function refuseOthers(cause: unknown): undefined {
  if (cause instanceof SystemNotReady) return undefined;
  throw cause;
}

/** Creates an object. */
async function create(client: ClusterClient, path: string, body: unknown): Promise<void> {
  await client.create(path, JSON.stringify(body), { signal: AbortSignal.timeout(30_000), budgetMs: 20_000 });
}

/** A ServiceAccount that may read the metrics of the API server, and the Secret with its token. */
async function scrapeRights(client: ClusterClient): Promise<void> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'scraper' };
  await create(client, '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'scraper' } });
  await create(client, `${rbac}/clusterroles`, {
    metadata: { name: 'scraper' },
    rules: [{ nonResourceURLs: ['/metrics'], verbs: ['get'] }],
  });
  await create(client, `${rbac}/clusterrolebindings`, {
    metadata: { name: 'scraper' },
    roleRef,
    subjects: [{ kind: 'ServiceAccount', name: 'scraper', namespace: 'default' }],
  });
  await create(client, '/api/v1/namespaces/default/secrets', {
    metadata: { name: 'scraper', annotations: { 'kubernetes.io/service-account.name': 'scraper' } },
    type: 'kubernetes.io/service-account-token',
  });
}

/** Two Pods, ready as far as the cluster knows, whose ports are served by this process behind TLS. */
async function servedPods(
  client: ClusterClient,
): Promise<{ readonly asked: readonly string[]; readonly ports: readonly number[]; close: () => Promise<void> }> {
  // The proxy of an API server asks no Pod on loopback.
  const [own] = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal),
  );
  if (own === undefined)
    throw new Error('this machine has no address but loopback, and the API server asks no Pod there');
  const asked: string[] = [];
  const certificate = join(import.meta.dirname, '../temporal/tls');
  const keys = {
    cert: readFileSync(join(certificate, 'certificate.pem')),
    key: readFileSync(join(certificate, 'key.pem')),
  };
  const servers = await Promise.all(
    [0, 1].map(async () => {
      const server = createServer(keys, (request, response) => {
        asked.push(request.url ?? '');
        // No content type: the entry says how it is read.
        response.end('app_ready 1\n');
      });
      await new Promise<void>((done) => {
        server.listen(0, own.address, done);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(
    ports.map(async (containerPort, index) => {
      const name = `app-${index}`;
      await create(client, '/api/v1/namespaces/default/pods', {
        metadata: { name, labels: { app: 'app' } },
        spec: {
          schedulerName: 'none',
          containers: [{ name: 'app', image: 'app', ports: [{ name: 'metrics', containerPort }] }],
        },
      });
      const status = {
        phase: 'Running',
        podIP: own.address,
        podIPs: [{ ip: own.address }],
        conditions: [{ type: 'Ready', status: 'True' }],
      };
      await client.request(
        {
          method: 'PATCH',
          path: `/api/v1/namespaces/default/pods/${name}/status`,
          body: JSON.stringify({ status }),
          contentType: 'application/merge-patch+json',
        },
        { signal: AbortSignal.timeout(30_000), budgetMs: 20_000 },
      );
      await create(client, '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
        metadata: { name, labels: { 'kubernetes.io/service-name': 'app' } },
        addressType: 'IPv4',
        ports: [{ name: 'metrics', port: containerPort }],
        endpoints: [
          {
            addresses: [own.address],
            conditions: { ready: true },
            targetRef: { kind: 'Pod', name, namespace: 'default' },
          },
        ],
      });
    }),
  );
  await create(client, '/api/v1/namespaces/default/services', {
    metadata: { name: 'app' },
    spec: { ports: [{ name: 'metrics', port: 80 }] },
  });
  return { asked, ports, close: async () => void (await Promise.all(servers.map((server) => closed(server)))) };
}
