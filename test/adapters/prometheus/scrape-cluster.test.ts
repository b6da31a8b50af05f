import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScrapeTarget } from '../../../src/adapters/prometheus/scrape-config.ts';
import { writeTargets } from '../../../src/adapters/prometheus/server.ts';
import type { TestCluster } from '../../cluster.ts';
import { startCluster } from '../../cluster.ts';
import type { CampaignBench } from './campaign-prometheus.ts';
import { campaignBench } from './campaign-prometheus.ts';

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
});
