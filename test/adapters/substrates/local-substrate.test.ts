import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig, CoreV1Api } from '@kubernetes/client-node';
import { Agent, request } from 'undici';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { cacheFolder } from '../../../src/adapters/host/folders.ts';
import { campaignFolder, readLedger } from '../../../src/adapters/host/ledger.ts';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { componentStates } from '../../../src/adapters/substrates/local/components.ts';
import { clusterFolder, COMPONENTS, pidPath } from '../../../src/adapters/substrates/local/layout.ts';
import { nodeBody } from '../../../src/core/plan/nodes.ts';
import type { ScrapeTarget } from '../../../src/adapters/prometheus/scrape-config.ts';
import { eventually } from '../eventually.ts';
import { isListening, processesMentioning, testCampaign, testHome } from './local-campaign.ts';
import type { TestCampaign, TestHome } from './local-campaign.ts';

let home: TestHome;
let userHome: string | undefined;
const open: TestCampaign[] = [];

beforeAll(() => {
  home = testHome();
  userHome = process.env['HOME'];
  // The tools stay where they are: only the user's files are elsewhere for these tests.
  process.env['BELAY_CACHE'] ??= cacheFolder();
  process.env['HOME'] = join(home.folder, 'user');
  mkdirSync(join(home.folder, 'user', '.kube'), { recursive: true });
  writeFileSync(userKubeconfig(), USER_KUBECONFIG);
});

afterEach(async () => {
  for (const campaign of open.splice(0)) await campaign.close();
});

afterAll(() => {
  if (userHome === undefined) delete process.env['HOME'];
  else process.env['HOME'] = userHome;
  home.close();
});

test('two clusters come up, answer, are scraped part by part, and leave nothing when they are removed', async () => {
  const campaign = await started('two');
  const clusters = await campaign.provision(2);

  expect(clusters.map((each) => each.name)).toEqual(['two-c0', 'two-c1']);
  expect(new Set(clusters.map((each) => each.uid)).size).toBe(2);
  expect(readLedger('two')?.clusters).toEqual(clusters);
  const [first] = clusters as [ClusterRecord, ClusterRecord];
  expect((await api(first).listNode()).items).toEqual([]);
  expect(statSync(first.kubeconfigPath).mode & 0o077).toBe(0);

  const { targets, absent } = await campaign.substrate.scrapeTargets(first, AbortSignal.timeout(5_000));
  expect(absent).toEqual([]);
  expect(targets.map((each) => each.job).sort()).toEqual([
    'apiserver',
    'controller-manager',
    'etcd',
    'kwok',
    'scheduler',
  ]);
  for (const target of targets) expect(await scrape(target), target.job).toMatch(/^# HELP /m);
  const logs = campaign.substrate.clusterLogs(first);
  expect(logs.map((each) => each.component)).toEqual(COMPONENTS.toSorted());
  for (const log of logs) expect(existsSync(log.path), log.path).toBe(true);

  const addresses = (
    await Promise.all(clusters.map((each) => campaign.substrate.scrapeTargets(each, AbortSignal.timeout(5_000))))
  ).flatMap((each) => each.targets.map((target) => target.address));
  expect(new Set(addresses).size).toBe(10);

  for (const cluster of clusters) await campaign.substrate.remove(cluster, AbortSignal.timeout(30_000));
  expect(processesMentioning('two')).toEqual([]);
  expect(await Promise.all(addresses.map(isListening))).not.toContain(true);
  expect(existsSync(clusterFolder(first))).toBe(false);
  expect(readdirSync(join(campaignFolder('two'), 'clusters'))).toEqual([]);
  expect(readdirSync(join(home.folder, 'state', 'ports'))).toEqual([]);
  expect(readLedger('two')?.clusters).toEqual([]);
  // Again, when there is nothing: no error.
  await campaign.substrate.remove(first, AbortSignal.timeout(30_000));
  expect(readFileSync(userKubeconfig(), 'utf8')).toBe(USER_KUBECONFIG);
  expect(readdirSync(join(home.folder, 'user'))).toEqual(['.kube']);
});

test('a cluster that is there is taken up: the same processes, the same UID', async () => {
  const campaign = await started('adopt');
  const [before] = (await campaign.provision(1)) as [ClusterRecord];
  const states = componentStates(before);

  const [after] = (await campaign.provision(1)) as [ClusterRecord];

  expect(after).toEqual(before);
  expect(componentStates(after)).toEqual(states);
  await runsPodOnReadyNode(campaign, after);
});

/** A Node that is created as Ready stays as it is, and a Pod on it runs. */
async function runsPodOnReadyNode({ substrate }: TestCampaign, cluster: ClusterRecord): Promise<void> {
  const kubelet = substrate.kubelet(cluster);
  if (kubelet === undefined) throw new Error('Nodes of this cluster turn Ready at once');
  const planned = { archetype: 'web', instanceType: 'm', zone: 'z', rack: 'r', labels: {}, allocatable: { pods: '5' } };
  const owner = { campaign: 'adopt', stage: 'seed', expiresAtMs: Date.now() };
  const body = nodeBody({ name: 'ready', ...planned }, owner, { kubelet, nowMs: Date.now() });
  const created = await api(cluster).createNode({ body });
  const pod = {
    metadata: { name: 'on-ready' },
    spec: { containers: [{ name: 'load', image: 'load' }], tolerations: [{ operator: 'Exists' }] },
  };
  await api(cluster).createNamespacedPod({ namespace: 'default', body: pod });

  const running = await eventually(async () => {
    const seen = await api(cluster).readNamespacedPod({ name: 'on-ready', namespace: 'default' });
    return seen.status?.phase === 'Running' && seen;
  });

  expect(running.spec?.nodeName).toBe('ready');
  expect(running.status?.hostIP).toBe('127.0.0.1');
  const node = await api(cluster).readNode({ name: 'ready' });
  expect(node.spec?.taints?.map(({ key }) => key)).toEqual(['belay.dev/campaign']);
  expect(node.metadata?.resourceVersion, 'nothing wrote to the Node').toBe(created.metadata?.resourceVersion);
}

test('what died of a cluster is started again when it is taken up, though its pid belongs to a stranger now', async () => {
  const campaign = await started('mend');
  const [cluster] = (await campaign.provision(1)) as [ClusterRecord];
  const scheduler = componentStates(cluster).find((each) => each.name === 'kube-scheduler');
  process.kill(scheduler?.pid ?? 0, 'SIGKILL');
  writeFileSync(pidPath(cluster, 'kube-scheduler'), String(process.pid));

  const [after] = (await campaign.provision(1)) as [ClusterRecord];

  expect(after.uid).toBe(cluster.uid);
  expect(componentStates(after).map((each) => each.state)).toEqual(Array.from({ length: 5 }, () => 'running'));
  // What the dead one wrote is kept beside the log of the one that took its place.
  const logs = campaign.substrate.clusterLogs(after).filter((each) => each.component.startsWith('kube-scheduler'));
  expect(logs.map((each) => each.component)).toEqual(['kube-scheduler', 'kube-scheduler.1']);
});

test('a half-made cluster is replaced', async () => {
  const campaign = await started('half');
  const [cluster] = (await campaign.provision(1)) as [ClusterRecord];
  // As after a crash in the middle of its making: never ready, a file it cannot live without missing, processes left.
  rmSync(join(campaignFolder('half'), 'clusters', 'half-c0.ready.json'));
  for (const state of componentStates(cluster)) if (state.name !== 'etcd') process.kill(state.pid, 'SIGKILL');
  rmSync(join(clusterFolder(cluster), 'pki'), { recursive: true });

  const [after] = (await campaign.provision(1)) as [ClusterRecord];

  expect(after.uid).not.toBe(cluster.uid);
  expect((await api(after).listNode()).items).toEqual([]);
  expect(processesMentioning('half')).toHaveLength(5);
});

test('a cluster whose processes are stopped and whose pid files are gone is removed whole', async () => {
  const campaign = await started('stopped');
  const [cluster] = (await campaign.provision(1)) as [ClusterRecord];
  for (const { pid } of componentStates(cluster)) process.kill(pid, 'SIGSTOP');
  rmSync(join(clusterFolder(cluster), 'pids'), { recursive: true });

  await campaign.substrate.remove(cluster, AbortSignal.timeout(30_000));

  expect(processesMentioning('stopped')).toEqual([]);
  expect(existsSync(clusterFolder(cluster))).toBe(false);
});

test('Nodes turn Ready only after the delay, with the environment asked for on every component', async () => {
  const campaign = await started('slow', { nodeReadyDelaySeconds: 6, env: { GOGC: '123' } });
  const [cluster] = (await campaign.provision(1)) as [ClusterRecord];
  for (const { pid } of componentStates(cluster)) {
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')).toContain('GOGC=123');
  }
  await api(cluster).createNode({ body: { metadata: { name: 'slow-node' } } });

  const node = await eventually(async () => {
    const seen = await api(cluster).readNode({ name: 'slow-node' });
    return seen.status?.conditions?.find((each) => each.type === 'Ready' && each.status === 'True') && seen;
  });

  const heartbeat = node.status?.conditions?.find((each) => each.type === 'Ready')?.lastHeartbeatTime;
  const created = node.metadata?.creationTimestamp;
  // Both are written by the cluster, in whole seconds: 6 s apart can read as 5.
  expect(Number(heartbeat) - Number(created)).toBeGreaterThanOrEqual(5_000);
  expect(campaign.substrate.kubelet(cluster)).toBeUndefined();
});

test('a component that cannot live is named, with its log', async () => {
  const campaign = await started('broken');
  const scheduler = join(home.folder, 'broken-scheduler');
  writeFileSync(scheduler, BROKEN_SCHEDULER, { mode: 0o755 });

  const provision = campaign.substrate.provision({
    spec: campaign.spec,
    firstCluster: 0,
    clusterCount: 1,
    tools: new Map([...campaign.tools, ['kube-scheduler', { path: scheduler }]]),
    lease: { waitMs: 0, link: '' },
    signal: AbortSignal.timeout(60_000),
    onProgress: () => undefined,
  });

  await expect(provision).rejects.toThrow(/broken-c0: kube-scheduler ended 4 times.*\n.*no such moon/);
});

async function started(slug: string, local: Parameters<typeof testCampaign>[1] = {}): Promise<TestCampaign> {
  const campaign = await testCampaign(slug, local);
  open.push(campaign);
  return campaign;
}

function api(cluster: ClusterRecord): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(cluster.kubeconfigPath);
  config.setCurrentContext(cluster.context);
  return config.makeApiClient(CoreV1Api);
}

function read(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file);
}

async function scrape(target: ScrapeTarget): Promise<string> {
  const dispatcher = new Agent({
    connect: {
      ca: read(target.tls.caFile),
      cert: read(target.tls.certFile),
      key: read(target.tls.keyFile),
      rejectUnauthorized: target.tls.insecure !== true,
    },
  });
  try {
    const { body } = await request(`${target.scheme}://${target.address}${target.path}`, { dispatcher });
    return await body.text();
  } finally {
    await dispatcher.destroy();
  }
}

function userKubeconfig(): string {
  return join(home.folder, 'user', '.kube', 'config');
}

const USER_KUBECONFIG = `apiVersion: v1
kind: Config
current-context: mine
contexts: [{ name: mine, context: { cluster: mine, user: me } }]
clusters: [{ name: mine, cluster: { server: https://192.0.2.1:6443 } }]
users: [{ name: me, user: {} }]
`;

const BROKEN_SCHEDULER = `#!/bin/sh
if [ "$1" = --version ]; then echo Kubernetes v1.37.2; exit 0; fi
echo no such moon
exit 1
`;
