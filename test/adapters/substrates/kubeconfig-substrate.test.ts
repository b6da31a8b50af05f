import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoordinationV1Api, CoreV1Api, KubeConfig, V1MicroTime } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { orLeaseLost } from '../../../src/activities/why-halted.ts';
import { campaignFolder, readLedger, writeLedger } from '../../../src/adapters/host/ledger.ts';
import type { ClusterRecord } from '../../../src/adapters/host/ledger.ts';
import { releaseTarget, renewTarget } from '../../../src/adapters/kube/target-lease.ts';
import { withCluster } from '../../../src/adapters/kube/with-cluster.ts';
import { tenantOf } from '../../../src/adapters/substrates/kubeconfig/tenant.ts';
import { readContext } from '../../../src/adapters/kube/kubeconfig-files.ts';
import { ownKubeconfig } from '../../../src/adapters/substrates/kubeconfig/own-kubeconfig.ts';
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
  ['fewer contexts than clusters', [], /1 cluster is needed, kubeconfig\.contexts lists: none/],
  ['a context that is not there', ['nobody'], /no "nobody" in its contexts; found: mine, twin, gone/],
  ['two contexts for one cluster', ['mine', 'twin'], /contexts mine and twin lead to the same cluster/],
  ['a cluster that does not answer', ['gone'], /context gone did not answer within clusterReadyMs = 1500/],
])('%s is refused in a sentence', async (_what, contexts, message) => {
  const { substrate, provision } = borrower('refused', contexts);
  await expect(provision(Math.max(contexts.length, 1))).rejects.toThrow(message);
  for (const cluster of readLedger('refused')?.clusters ?? [])
    await substrate.remove(cluster, AbortSignal.timeout(60_000));
  expect(await leases()).toEqual([]);
});

test('of two campaigns that want a cluster at once one gets it, and the other is refused with its name, or waits', async () => {
  const borrowers = [borrower('first', ['mine']), borrower('second', ['mine'])];
  const ended = await Promise.allSettled(borrowers.map(({ provision }) => provision()));
  const won = ended.findIndex(({ status }) => status === 'fulfilled');
  const [winner, loser] = won === 0 ? ['first', 'second'] : ['second', 'first'];
  expect(ended[1 - won]).toMatchObject({
    reason: { name: 'TargetInUse', message: expect.stringContaining(`in use by campaign ${winner},`) as string },
  });
  expect(readLedger(loser)?.clusters).not.toContainEqual(expect.objectContaining({ leased: true }));

  const waits = borrowers[1 - won]?.provision(1, 30_000);
  const [cluster] = readLedger(winner)?.clusters ?? [];
  if (cluster === undefined) throw new Error('the winner has no cluster');
  await borrowers[won]?.substrate.remove(cluster, AbortSignal.timeout(60_000));
  const [taken] = (await waits) ?? [];
  expect(taken).toMatchObject({ leased: true, name: `${loser}-c0` });
  if (taken !== undefined) await borrowers[1 - won]?.substrate.remove(taken, AbortSignal.timeout(60_000));
  expect(await leases()).toEqual([]);
});

test('a lease that nothing renews is taken over, with what its holder left in the cluster removed; a renewed one is not', async () => {
  const { substrate, provision } = borrower('heir', ['mine']);
  const core = api();
  const labels = { [LABELS.campaign]: 'dead' };
  await core.createNode({ body: { metadata: { name: 'dead-node', labels } } });
  await core.createNode({ body: { metadata: { name: 'stranger-node', labels: { [LABELS.campaign]: 'stranger' } } } });
  // Of a clock that is far behind. The duration is what the heir waits for, by its own clock.
  const renewTime = '2020-01-01T00:00:00.000000Z';
  await coordination().createNamespacedLease({
    namespace: 'default',
    body: {
      metadata: { name: 'belay', labels, annotations: { 'belay.dev/workflow-id': 'dead-1' } },
      spec: { holderIdentity: 'dead_x', leaseDurationSeconds: 2, renewTime: new V1MicroTime(renewTime) },
    },
  });
  const [cluster] = (await provision()) as [ClusterRecord];
  const names = (await core.listNode()).items.map((node) => node.metadata?.name);
  expect(names).toContain('stranger-node');
  expect(names).not.toContain('dead-node');
  const within = { signal: AbortSignal.timeout(10_000), budgetMs: 10_000 };
  const [ledger, other] = [readLedger('heir'), readLedger('first')];
  if (ledger === undefined || other === undefined) throw new Error('a ledger is missing');
  await withCluster(cluster, async (client) => {
    expect(await renewTarget(client, tenantOf(ledger, ''), within)).toBeUndefined();
    expect(await renewTarget(client, tenantOf(other, ''), within)).toBe('heir');
    await releaseTarget(client, other, within);
  });
  expect(await leases()).toEqual(['test-heir_heir']);
  await substrate.remove(cluster, AbortSignal.timeout(60_000));
  expect(await leases()).toEqual([]);
});

test('a failure on a cluster that another campaign has taken names that one; on a cluster of its own it stays as it is', async () => {
  const { provision } = borrower('owner', ['mine']);
  await provision();
  const own = { campaign: 'test-owner', slug: 'owner' };
  const failure = new Error('namespaces "owner" not found');
  expect(await orLeaseLost(failure, own, 'soak')).toBe(failure);

  const { items } = await coordination().listNamespacedLease({ namespace: 'default' });
  const [lease] = items.filter(({ spec }) => spec?.holderIdentity === 'test-owner_owner');
  if (lease?.metadata === undefined || lease.spec === undefined) throw new Error('the lease is missing');
  lease.metadata.annotations = { 'belay.dev/workflow-id': 'heir-1' };
  lease.spec.holderIdentity = 'test-heir_heir';
  await coordination().replaceNamespacedLease({ name: 'belay', namespace: 'default', body: lease });
  expect(await orLeaseLost(failure, own, 'teardown')).toBe(failure);
  expect(await orLeaseLost(failure, own, 'soak')).toMatchObject({
    type: 'TargetInUse',
    message: expect.stringContaining('context mine is used by campaign heir-1 now') as string,
  });
  expect(readLedger('owner')?.clusters).toMatchObject([{ leased: false, lostTo: 'heir-1' }]);
  await coordination().deleteNamespacedLease({ name: 'belay', namespace: 'default' });
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
  writeFileSync(
    join(folder, 'b'),
    'users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: ./login}, tokenFile: /abs/token}}]\n',
  );
  const env = { KUBECONFIG: `${folder}/a:${folder}/missing:${folder}/b` };
  const { text: own } = ownKubeconfig(readContext('', 'x', env), { folder, env });
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
): { substrate: SubstrateAdapter; provision: (count?: number, waitMs?: number) => Promise<readonly ClusterRecord[]> } {
  const spec: SubstrateSpec = {
    campaign: `test-${slug}`,
    runId: `run-${slug}`,
    slug,
    substrate: { ...lender.spec.substrate, type: 'kubeconfig', kubeconfig: { file: userFile, contexts } },
    capacityFromSystem: false,
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
    provision: (clusterCount = 1, waitMs = 0) =>
      substrate.provision({
        spec,
        firstCluster: 0,
        clusterCount,
        tools: new Map(),
        lease: { waitMs, link: '' },
        signal: AbortSignal.timeout(60_000),
        onProgress: () => undefined,
      }),
  };
}

function api(): CoreV1Api {
  return configOf().makeApiClient(CoreV1Api);
}

function coordination(): CoordinationV1Api {
  return configOf().makeApiClient(CoordinationV1Api);
}

async function leases(): Promise<readonly (string | undefined)[]> {
  const { items } = await coordination().listNamespacedLease({ namespace: 'default' });
  return items.map(({ spec }) => spec?.holderIdentity);
}

function configOf(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(lent.kubeconfigPath);
  return config;
}
