import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppsV1Api, CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { readLedger } from '../../../src/adapters/host/ledger.ts';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { installSystem, removeSystem } from '../../../src/adapters/systems/install-system.ts';
import { systemScrapeTargets } from '../../../src/adapters/systems/scrape-targets.ts';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';
import { parseSystem } from '../../../src/core/profile/parse.ts';
import { isListening, processesMentioning, testCampaign, testHome } from '../substrates/local-campaign.ts';
import type { TestCampaign, TestHome } from '../substrates/local-campaign.ts';
import { eventually } from '../eventually.ts';

const PODS = 120;

let home: TestHome;
let campaign: TestCampaign | undefined;

beforeAll(() => {
  home = testHome();
});

afterEach(async () => {
  await campaign?.close();
  campaign = undefined;
});

afterAll(() => home.close());

test('Karpenter makes the machines that pending Pods need, and every series its gates name is served', async () => {
  campaign = await testCampaign('karp');
  const [cluster] = (await campaign.provision(1)) as [ClusterRecord];
  const systemFolder = join(repositoryFolder, 'systems');
  const parsed = parseSystem(readFileSync(join(systemFolder, 'karpenter.yaml'), 'utf8'), { file: 'karpenter.yaml' });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const system = parsed.value;
  const common = {
    spec: {
      campaign: campaign.spec.campaign,
      slug: campaign.spec.slug,
      deadlines: { budgets: { apiCallMs: 30_000, systemReadyMs: 60_000, processStopMs: 10_000 } },
    },
    system,
    systemFolder,
    cluster,
    tools: await ensureTools(['karpenter']),
    signal: AbortSignal.timeout(120_000),
  };
  const steps: string[] = [];
  await installSystem({ ...common, onProgress: (detail) => steps.push(detail) });
  const [installed] = readLedger('karp')?.processes ?? [];
  expect(installed).toMatchObject({ name: 'karp-c0.karpenter', restart: true, cluster: 'karp-c0' });

  // Again: the same process is taken up.
  await installSystem({ ...common, onProgress: () => undefined });
  expect(readLedger('karp')?.processes).toEqual([installed]);

  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfigPath);
  await config.makeApiClient(AppsV1Api).createNamespacedDeployment({ namespace: 'default', body: DEPLOYMENT });
  const core = config.makeApiClient(CoreV1Api);
  await eventually(async () => {
    const pods = (await core.listNamespacedPod({ namespace: 'default' })).items;
    return pods.length === PODS && pods.every((pod) => pod.status?.phase === 'Running');
  });
  const nodes = (await core.listNode()).items;
  expect(nodes.length).toBeGreaterThan(2);
  for (const node of nodes) expect(node.metadata?.labels).toHaveProperty(['karpenter.sh/nodepool'], 'default');

  const [target] = await systemScrapeTargets(common, { signal: AbortSignal.timeout(10_000), budgetMs: 10_000 });
  expect(target).toMatchObject({ job: 'karpenter', scheme: 'http', path: '/metrics' });
  const wanted = metricNames(Object.values(system.gates).map((gate) => JSON.stringify(gate)));
  // Karpenter tells of these only when there is something to tell.
  const rare = new Set(['karpenter_nodeclaims_disrupted_total', 'karpenter_pods_unbound_time_seconds']);
  await eventually(async () => {
    const { body } = await request(`http://${target?.address}${target?.path}`);
    const served = await body.text();
    const missing = wanted.filter((name) => !rare.has(name) && !new RegExp(`^${name}[{ ]`, 'm').test(served));
    return missing.length === 0;
  });
  const logPath = readLedger('karp')?.processes[0]?.logPath ?? '';
  expect(readFileSync(logPath, 'utf8')).toContain('registered nodeclaim');

  await removeSystem({ ...common, budgetMs: 40_000 });
  expect(readLedger('karp')?.processes).toEqual([]);
  expect(await isListening(target?.address ?? '')).toBe(false);
  await campaign.substrate.remove(cluster, AbortSignal.timeout(30_000));
  expect(processesMentioning('karp')).toEqual([]);
});

/** Names of the metrics in PromQL expressions. */
function metricNames(queries: readonly string[]): readonly string[] {
  const names = queries.flatMap((query) => [...query.matchAll(/([a-z_]+)\{job=/g)].map((match) => match[1] ?? ''));
  return [...new Set(names)];
}

const DEPLOYMENT = {
  metadata: { name: 'load' },
  spec: {
    replicas: PODS,
    selector: { matchLabels: { app: 'load' } },
    template: {
      metadata: { labels: { app: 'load' } },
      spec: {
        containers: [{ name: 'main', image: 'none', resources: { requests: { cpu: '1', memory: '1Gi' } } }],
      },
    },
  },
};
