import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { campaignFolder, readLedger, writeLedger } from '../../../src/adapters/host/ledger.ts';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { kubeconfigFiles, writeOwnKubeconfig } from '../../../src/adapters/substrates/kubeconfig/own-kubeconfig.ts';
import { substrateAdapter } from '../../../src/adapters/substrates/registry.ts';
import type { SubstrateAdapter, SubstrateSpec } from '../../../src/adapters/substrates/substrate.ts';
import { LABELS } from '../../../src/core/plan/labels.ts';
import { testCampaign, testHome } from './local-campaign.ts';
import type { TestCampaign, TestHome } from './local-campaign.ts';

let home: TestHome;
let lender: TestCampaign;
let lent: ClusterRecord;
let userFile: string;

beforeAll(async () => {
  home = testHome();
  lender = await testCampaign('lender');
  [lent] = (await lender.provision(1)) as [ClusterRecord];
  userFile = join(home.folder, 'user', 'config');
  mkdirSync(join(home.folder, 'user'));
  // A user's file, with the credentials in it, and a second name for the same cluster.
  const config = new KubeConfig();
  config.loadFromFile(lent.kubeconfigPath);
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  writeFileSync(
    userFile,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'other',
      contexts: ['mine', 'twin', 'gone'].map((name) => ({
        name,
        context: { cluster: name === 'gone' ? 'gone' : 'real', user: 'me' },
      })),
      clusters: [
        {
          name: 'real',
          cluster: {
            server: cluster?.server,
            'certificate-authority-data': base64(cluster?.caFile),
            'tls-server-name': 'localhost',
          },
        },
        { name: 'gone', cluster: { server: 'https://127.0.0.1:9' } },
      ],
      users: [
        {
          name: 'me',
          user: { 'client-certificate-data': base64(user?.certFile), 'client-key-data': base64(user?.keyFile) },
        },
      ],
    }),
  );
});

afterAll(async () => {
  await lender.close();
  home.close();
});

test('a borrowed cluster is taken as it is, scraped, and given back without what the campaign made', async () => {
  const before = readFileSync(userFile);
  const { substrate, provision } = borrower('guest', ['mine']);
  const [cluster] = (await provision()) as [ClusterRecord];
  expect(cluster).toMatchObject({ owned: false, context: 'mine', uid: lent.uid, name: 'guest-c0' });
  expect(readLedger('guest')?.clusters).toEqual([cluster]);
  expect(await provision()).toEqual([cluster]);

  const { targets, absent } = await substrate.scrapeTargets(cluster, AbortSignal.timeout(10_000));
  expect(targets.map((each) => each.job)).toEqual(['apiserver']);
  expect(absent.map((each) => each.job)).toEqual(['scheduler', 'controller-manager', 'etcd', 'kwok']);
  const { caFile, certFile, keyFile, serverName } = targets[0]?.tls ?? {};
  expect(serverName).toBe('localhost');
  for (const file of [caFile, certFile, keyFile, cluster.kubeconfigPath]) {
    expect(statSync(file ?? '').mode & 0o077).toBe(0);
    expect(file).toContain(campaignFolder('guest'));
  }

  const core = api();
  const labels = { [LABELS.campaign]: 'test-guest' };
  await core.createNamespace({ body: { metadata: { name: 'guest-load', labels } } });
  await core.createNode({ body: { metadata: { name: 'guest-node', labels } } });
  await core.createNode({ body: { metadata: { name: 'house-node', labels: { [LABELS.campaign]: 'test-other' } } } });

  await substrate.remove(cluster, AbortSignal.timeout(60_000));

  const names = (await core.listNode()).items.map((node) => node.metadata?.name);
  expect(names).toEqual(['house-node']);
  const namespaces = (await core.listNamespace()).items.map((each) => each.metadata?.name);
  expect(namespaces).not.toContain('guest-load');
  expect(namespaces).toContain('default');
  expect(readdirSync(join(campaignFolder('guest'), 'clusters'))).toEqual([]);
  expect(readLedger('guest')?.clusters).toEqual([]);
  expect(existsSync(lent.kubeconfigPath)).toBe(true);
  expect(readFileSync(userFile)).toEqual(before);
  await substrate.remove(cluster, AbortSignal.timeout(60_000));
});

test.each<[string, readonly string[], RegExp]>([
  ['fewer contexts than clusters', [], /1 clusters are needed, kubeconfig\.contexts lists: none/],
  ['a context that is not there', ['nobody'], /no "nobody" in its contexts; found: mine, twin, gone/],
  ['two contexts for one cluster', ['mine', 'twin'], /contexts mine and twin lead to the same cluster/],
  ['a cluster that does not answer', ['gone'], /context gone did not answer within clusterReadyMs = 1500/],
])('%s is refused in a sentence', async (_what, contexts, message) => {
  const { provision } = borrower('refused', contexts);
  await expect(provision(Math.max(contexts.length, 1))).rejects.toThrow(message);
});

test('hosted clusters are refused for now', () => {
  expect(() => substrateAdapter({ ...lender.spec.substrate, type: 'hosted' }, new Map())).toThrow(
    /cannot run type hosted; allowed: local/,
  );
});

test('paths in a kubeconfig stay right in our copy of it, and KUBECONFIG may name several files', () => {
  const folder = join(home.folder, 'paths');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'a'),
    'contexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "https://192.0.2.1", certificate-authority: ca.crt}}]\n',
  );
  writeFileSync(join(folder, 'b'), 'users: [{name: u, user: {exec: {command: ./login}, tokenFile: /abs/token}}]\n');
  process.env['KUBECONFIG'] = `${folder}/a:${folder}/b`;
  try {
    writeOwnKubeconfig(kubeconfigFiles(''), 'x', join(folder, 'own'));
  } finally {
    delete process.env['KUBECONFIG'];
  }
  const own = readFileSync(join(folder, 'own'), 'utf8');
  expect(own).toContain(`certificate-authority: ${folder}/ca.crt`);
  expect(own).toContain(`command: ${folder}/login`);
  expect(own).toContain('tokenFile: /abs/token');
  expect(own).toContain('current-context: x');
});

function base64(file: string | undefined): string {
  return readFileSync(file ?? '').toString('base64');
}

function borrower(
  slug: string,
  contexts: readonly string[],
): { substrate: SubstrateAdapter; provision: (count?: number) => Promise<readonly ClusterRecord[]> } {
  const spec: SubstrateSpec = {
    campaign: `test-${slug}`,
    slug,
    substrate: { ...lender.spec.substrate, type: 'kubeconfig', kubeconfig: { file: userFile, contexts } },
    deadlines: { budgets: { clusterReadyMs: 1_500, apiCallMs: 10_000, processStopMs: 1_000 } },
  };
  if (readLedger(slug) === undefined) {
    const nowMs = Date.now();
    const { campaign } = spec;
    writeLedger({
      campaign,
      slug,
      workflowId: slug,
      runId: '',
      createdAtMs: nowMs,
      expiresAtMs: nowMs,
      clusters: [],
      processes: [],
    });
  }
  const substrate = substrateAdapter(spec.substrate, new Map());
  return {
    substrate,
    provision: (clusterCount = 1) =>
      substrate.provision({
        spec,
        firstCluster: 0,
        clusterCount,
        tools: new Map(),
        signal: AbortSignal.timeout(60_000),
        onProgress: () => undefined,
      }),
  };
}

function api(): CoreV1Api {
  const config = new KubeConfig();
  config.loadFromFile(lent.kubeconfigPath);
  return config.makeApiClient(CoreV1Api);
}
