import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeCertificate } from '../../../src/adapters/fleet/certificate.ts';
import { prometheusClient } from '../../../src/adapters/prometheus/client.ts';
import { existingOpening, federationTargets } from '../../../src/adapters/prometheus/existing.ts';
import { writeTargets, type RunningPrometheus } from '../../../src/adapters/prometheus/server.ts';
import { tryExistingPrometheus } from '../../../src/adapters/prometheus/try-existing.ts';
import { resolveGates } from '../../../src/core/gates/resolve.ts';
import type { ExistingPrometheus } from '../../../src/core/model/existing-prometheus.ts';
import { lentSubstrate } from '../../../src/core/profile/lent-substrate.ts';
import { eventually } from '../eventually.ts';
import { connectProxy, connectProxyOverTls, socksProxy, type Door } from '../kube/cluster-doors.ts';
import { campaignBench, type CampaignBench } from './campaign-prometheus.ts';
import { configuredPrometheus, type LonePrometheus } from './lone-prometheus.ts';
import { metricsServer, type MetricsServer } from './metrics-server.ts';

/** The campaign's clusters. */
const ONE = { firstCluster: 0, clusterCount: 1 };

/** A name that no resolver knows: what reaches it came through a proxy. */
const NAME = 'prometheus.belay.invalid';
const PROXY_LOGIN = 'me:p@ss';

const GATES = resolveGates(
  { pending: { query: 'max(pending_pods{job="scheduler"})', job: 'scheduler', max: 8 } },
  {},
  { machines: 1, pods: 1, clusters: 1 },
);

let bench: CampaignBench;
let scheduler: MetricsServer;
let theirs: LonePrometheus;
let own: RunningPrometheus;
let port: number;
let files: { readonly user: string; readonly secretFile: string; readonly caFile: string };
let certificate: string;

beforeAll(async () => {
  bench = await campaignBench('by-proxy');
  scheduler = await metricsServer(() => '# TYPE pending_pods gauge\npending_pods 7\n');
  const { certificatePem, keyPem } = await makeCertificate({ address: NAME, validMs: 3_600_000 });
  certificate = certificatePem;
  const file = (name: string, text: string): string => {
    const path = join(bench.home, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const served = { cert_file: file('cert.pem', certificatePem), key_file: file('key.pem', keyPem) };
  files = { user: 'belay', secretFile: file('secret', 'secret'), caFile: served.cert_file };
  theirs = await configuredPrometheus({
    config: JSON.stringify({
      global: { scrape_interval: '1s' },
      scrape_configs: [
        { job_name: 'kube-scheduler', static_configs: [{ targets: [scheduler.address], labels: { cluster: 'a' } }] },
      ],
    }),
    web: {
      text: JSON.stringify({ tls_server_config: served, basic_auth_users: { belay: await hash('secret', 4) } }),
      opening: existingOpening({ url: 'https://127.0.0.1', jobs: {}, ...files }, {}),
    },
  });
  port = Number(new URL(theirs.url).port);
  own = await bench.start();
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await bench.close();
  await Promise.all([theirs.close(), scheduler.close()]);
});

function existingAt(host: string): ExistingPrometheus {
  const labels = { job: 'kube-scheduler' };
  return {
    url: `https://${host}:${port}`,
    jobs: { scheduler: { labels, targets: 1, scrapeIntervalMs: 1_000 } },
    ...files,
  };
}

function specOf(prometheus: ExistingPrometheus) {
  const kubeconfig = { file: '', contexts: ['a'], prometheus };
  return { gates: GATES, substrate: { ...lentSubstrate(['a']), kubeconfig } };
}

/** The proxies of the environment, as `provision` and the campaign's Prometheus have them. */
function environment(proxy: string, excepted = ''): Readonly<Record<string, string>> {
  const set = { HTTPS_PROXY: proxy, https_proxy: '', NO_PROXY: excepted, no_proxy: '' };
  for (const [name, value] of Object.entries(set)) vi.stubEnv(name, value);
  return set;
}

/** Takes the series over, and gives the last error of the scrape; empty where it succeeds. */
async function scraped(prometheus: ExistingPrometheus, variables: Readonly<Record<string, string>>): Promise<string> {
  const cluster = { index: 0, name: `cluster-${Math.random().toString(36).slice(2)}` };
  await writeTargets(own, federationTargets(specOf(prometheus), cluster, variables), bench.bounds);
  const client = bench.client(own);
  return await eventually(async () => {
    const targets = await client.targets(bench.bounds);
    const found = targets.find(({ labels }) => labels['cluster'] === cluster.name);
    return found === undefined || found.health === 'unknown' ? undefined : { error: found.lastError };
  }).then(({ error }) => error);
}

async function tried(prometheus: ExistingPrometheus): Promise<void> {
  // A busy host scrapes late at first.
  let last: unknown;
  await eventually(() =>
    tryExistingPrometheus(specOf(prometheus), prometheus, ONE, bench.bounds).then(
      () => true,
      (cause: unknown) => {
        last = cause;
        return false;
      },
    ),
  ).catch(() => {
    throw last;
  });
}

const PROXIES: Readonly<Record<string, () => Promise<{ readonly door: Door; readonly url: string }>>> = {
  'an HTTP proxy': async () => {
    const door = await connectProxy(port);
    return { door, url: `127.0.0.1:${door.port}` };
  },
  'an HTTP proxy with a login': async () => {
    const door = await connectProxy(port, PROXY_LOGIN);
    return { door, url: `http://me:p%40ss@127.0.0.1:${door.port}` };
  },
  'a proxy reached by TLS, whose certificate is in caFile': async () => {
    const { ca, ...door } = await connectProxyOverTls(port, PROXY_LOGIN);
    writeFileSync(files.caFile, `${certificate}${ca}`);
    return { door, url: `https://me:p%40ss@127.0.0.1:${door.port}` };
  },
  'a SOCKS proxy': async () => {
    const door = await socksProxy(port);
    return { door, url: `socks5://127.0.0.1:${door.port}` };
  },
  'a SOCKS proxy, as curl writes it': async () => {
    const door = await socksProxy(port, PROXY_LOGIN);
    return { door, url: `socks5h://me:p%40ss@127.0.0.1:${door.port}` };
  },
};

test.for(Object.entries(PROXIES))('it is tried and scraped through %s of the environment', async ([, open]) => {
  const { door, url } = await open();
  try {
    const variables = environment(url);
    const prometheus = existingAt(NAME);
    await tried(prometheus);
    const before = door.seen.length;
    expect(before).toBeGreaterThan(0);
    expect(await scraped(prometheus, variables)).toBe('');
    expect(door.seen.length).toBeGreaterThan(before);
    expect([...new Set(door.seen.map((seen) => seen.replace(`:${port}`, '')))]).toEqual([NAME]);
  } finally {
    await door.close();
  }
});

test('it is reached directly on this machine, and where NO_PROXY excepts it', async () => {
  const door = await connectProxy(port);
  try {
    const proxy = `http://127.0.0.1:${door.port}`;
    const variables = environment(proxy);
    const here = existingAt('127.0.0.1');
    await tried(here);
    expect(await scraped(here, variables)).toBe('');
    // The certificate is not for this name, which only who comes directly finds out.
    const client = prometheusClient(existingAt('localhost').url, existingOpening(existingAt('localhost')));
    await expect(client.clock(bench.bounds)).rejects.toThrow('localhost');
    await client.close();
    expect(await scraped(existingAt('localhost'), variables)).toContain('not localhost');
    const proxies = (excepted: string): readonly (string | undefined)[] =>
      federationTargets(specOf(existingAt(NAME)), { index: 0, name: 'a' }, environment(proxy, excepted)).map(
        ({ proxyUrl }) => proxyUrl,
      );
    expect(proxies('elsewhere.invalid')).toEqual([`${proxy}/`]);
    expect(proxies(`.invalid:${port}`)).toEqual([undefined]);
    expect(door.seen).toEqual([]);
  } finally {
    await door.close();
  }
});

test('a proxy that lets nothing through is named without its password', async () => {
  const door = await connectProxy(port, PROXY_LOGIN);
  try {
    const variables = environment(`http://me:wrong-word@127.0.0.1:${door.port}`);
    const prometheus = existingAt(NAME);
    const refused = await tryExistingPrometheus(specOf(prometheus), prometheus, ONE, bench.bounds).catch(
      (cause: unknown) => (cause as Error).message,
    );
    expect(refused).toContain(`proxy http://127.0.0.1:${door.port}: it answers 407`);
    expect(refused).not.toContain('wrong-word');
    const error = await scraped(prometheus, variables);
    expect(error).not.toBe('');
    expect(error).not.toContain('wrong-word');
  } finally {
    await door.close();
  }
});
