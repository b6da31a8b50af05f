import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ClockAhead } from '../../../core/plan/clock-ahead.ts';
import { clusterName } from '../../../core/plan/cluster-name.ts';
import { BORROWED_POLL_MS, CLUSTERS_AT_ONCE, LAST_SWEEP_MS, LEASE_TAKEN_MS } from '../../../core/plan/limits.ts';
import { pollUntil } from '../../host/poll-until.ts';
import { allAtOnce } from '../../host/at-once.ts';
import { campaignFolder, forgetCluster, readLedger, recordCluster } from '../../host/ledger.ts';
import type { ClusterRecord } from '../../host/ledger.ts';
import { connectCluster } from '../../kube/client.ts';
import { readAccess } from '../../kube/credentials.ts';
import { measureClock } from '../../kube/measure-clock.ts';
import { preflight } from '../../kube/preflight.ts';
import { removeCampaign } from '../../kube/remove-campaign.ts';
import { leaseTarget, releaseTarget } from '../../kube/target-lease.ts';
import { withCluster } from '../../kube/with-cluster.ts';
import { apiHealth } from '../api-probe.ts';
import type { ApiHealth } from '../api-probe.ts';
import { slugOf } from '../local/layout.ts';
import type { ProvisionRequest, SubstrateAdapter } from '../substrate.ts';
import { contextsOf, writeKubeconfigOf } from './campaign-targets.ts';
import { isRecordOf, removeTargets } from './kept-targets.ts';
import { refuseSeveralClusters } from './servers-behind.ts';
import { tenantOf } from './tenant.ts';
import { credentialFiles, borrowedScrapeTargets } from './scrape-borrowed.ts';
import { messageOf } from '../../../core/text/message-of.ts';

/** Clusters that exist already, named by contexts of a kubeconfig. They are borrowed: only what a campaign made is removed. */
export function kubeconfigSubstrate(): SubstrateAdapter {
  return {
    provision,
    scrapeTargets: borrowedScrapeTargets,
    // Other people's kubelets, or a kwok with stages of its own, turn a Node Ready again at once.
    kubelet: () => undefined,
    showsFailedNodes: () => false,
    clusterLogs: () => [],
    remove,
  };
}

async function provision({
  spec,
  firstCluster,
  clusterCount,
  lease,
  trial,
  onUnsearched,
  signal: outer,
  onProgress,
}: ProvisionRequest): Promise<readonly ClusterRecord[]> {
  const used = contextsOf(spec, firstCluster, clusterCount);
  const record = spec.targets?.record;
  /** Clusters that have answered, before any lease is waited for: two contexts for one cluster would share its lease. */
  const answered: ClusterRecord[] = [];
  const ready: ClusterRecord[] = [];
  const limits = { atOnce: CLUSTERS_AT_ONCE, signal: outer };
  return await allAtOnce(used, limits, async (context, signal, position) => {
    const index = firstCluster + position;
    const name = clusterName(spec.slug, index);
    const kubeconfigPath = join(campaignFolder(spec.slug), 'clusters', `${name}.kubeconfig`);
    const before = readLedger(spec.slug)?.clusters.find((each) => each.name === name);
    const planned: ClusterRecord = {
      index,
      name,
      kubeconfigPath,
      context,
      owned: false,
      uid: before?.uid ?? '',
      ...(record === undefined || !isRecordOf(record, spec.runId) ? {} : { targetRecord: record }),
    };
    recordCluster(spec.slug, planned);
    writeKubeconfigOf(spec, index, context, kubeconfigPath);
    // What is wrong with it stays wrong: it is not waited for.
    await readAccess(kubeconfigPath, context);
    onProgress(ready.length, clusterCount, `${name}: asking context ${context}`);
    const { uid } = await untilHealthy(planned, spec.deadlines.budgets.clusterReadyMs, signal, (reason) =>
      onProgress(ready.length, clusterCount, `${name}: waiting: ${reason}`),
    );
    await refuseSeveralClusters(planned, uid, signal);
    // Nothing may be waited for between these two: other contexts are asked at the same time.
    refuseStranger(planned, uid, answered);
    answered.push({ ...planned, uid });
    const clock = trial === undefined ? undefined : await tried(planned, spec.campaign, trial, onUnsearched, signal);
    const known = { ...planned, uid, ...(clock === undefined ? {} : { clock }) };
    const cluster = { ...known, leased: true, ...(lease.link === '' ? {} : { leaseLink: lease.link }) };
    // The ledger first: a lease that nothing knows of would only expire.
    recordCluster(spec.slug, known);
    await takeLease(cluster, lease, signal, (reason) => onProgress(ready.length, clusterCount, reason));
    recordCluster(spec.slug, cluster);
    ready.push(cluster);
    onProgress(ready.length, clusterCount, `${name}: ready`);
    return cluster;
  });
}

/**
 * Tries whether a cluster takes the campaign, before the ledger says that there may be something in it. @returns its clock, if it
 * can be read
 */
async function tried(
  cluster: ClusterRecord,
  campaign: string,
  { objects, budgetMs }: NonNullable<ProvisionRequest['trial']>,
  onUnsearched: ProvisionRequest['onUnsearched'],
  signal: AbortSignal,
): Promise<ClockAhead | undefined> {
  const target = `context ${cluster.context}`;
  return await withCluster(cluster, async (client) => {
    const within = { signal, budgetMs };
    const unsearched = await preflight(client, { target, campaign, objects: objects(cluster.index) }, within);
    for (const line of unsearched) onUnsearched?.(`${cluster.name}: ${line}`);
    return await measureClock(client, within);
  });
}

/** Takes the lease of a cluster, and removes what the campaign left in it that had it before and does not renew it any more. */
async function takeLease(
  cluster: ClusterRecord,
  { waitMs, link }: ProvisionRequest['lease'],
  signal: AbortSignal,
  onWait: (reason: string) => void,
): Promise<void> {
  const ledger = readLedger(slugOf(cluster));
  if (ledger === undefined) throw new Error(`no ledger for cluster ${cluster.name}`);
  const budgetMs = waitMs + LEASE_TAKEN_MS;
  const target = `context ${cluster.context}`;
  const before = await withCluster(cluster, (client) =>
    leaseTarget(client, tenantOf(ledger, link), { target, waitMs, onWait }, { signal, budgetMs }),
  );
  if (before !== undefined && before !== ledger.campaign) await sweep(cluster, before, signal);
}

/** Two contexts may lead to one cluster, and a context may lead elsewhere than it did: neither can carry a campaign. */
function refuseStranger(planned: ClusterRecord, uid: string, others: readonly ClusterRecord[]): void {
  const twin = others.find((each) => each.uid === uid);
  if (twin !== undefined) {
    // They are asked at once, so either may answer first.
    const [first, second] = [twin, planned].toSorted((a, b) => a.index - b.index);
    throw new Error(`contexts ${first?.context} and ${second?.context} lead to the same cluster (UID ${uid})`);
  }
  if (planned.uid !== '' && planned.uid !== uid) {
    throw new Error(`context ${planned.context} led to cluster ${planned.uid} before and leads to ${uid} now`);
  }
}

async function untilHealthy(
  cluster: ClusterRecord,
  budgetMs: number,
  signal: AbortSignal,
  onWait: (reason: string) => void,
): Promise<ApiHealth> {
  let lastReason = '';
  const health = await pollUntil({ everyMs: BORROWED_POLL_MS, budgetMs, signal }, async () => {
    try {
      return await apiHealth(cluster, signal);
    } catch (cause) {
      signal.throwIfAborted();
      const reason = messageOf(cause);
      if (reason !== lastReason) onWait(reason);
      lastReason = reason;
      return undefined;
    }
  });
  if (health !== undefined) return health;
  throw new Error(`context ${cluster.context} did not answer within clusterReadyMs = ${budgetMs}: ${lastReason}`);
}

async function remove(cluster: ClusterRecord, signal: AbortSignal): Promise<void> {
  const slug = slugOf(cluster);
  const ledger = readLedger(slug);
  // Off the record = removed before.
  if (ledger?.clusters.some((each) => each.name === cluster.name) !== true) return;
  // Never reached, so nothing was made in it.
  if (cluster.uid !== '') {
    await sweep(cluster, ledger.campaign, signal);
    await withCluster(cluster, (client) => releaseTarget(client, ledger, { signal, budgetMs: LAST_SWEEP_MS }));
  }
  for (const path of [cluster.kubeconfigPath, ...credentialFiles(cluster)]) rmSync(path, { force: true });
  if (cluster.targetRecord !== undefined) removeTargets(cluster.targetRecord);
  forgetCluster(slug, cluster.name);
}

async function sweep(cluster: ClusterRecord, campaign: string, signal: AbortSignal): Promise<void> {
  const client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath, context: cluster.context });
  try {
    const { kinds: brought = [], finalizers = [] } = cluster.brought ?? {};
    const options = { campaign, brought, finalizers, controllersGone: true, onProgress: () => undefined };
    const { left } = await removeCampaign(client, options, { signal, budgetMs: LAST_SWEEP_MS });
    if (left.length > 0) throw new Error(`left in context ${cluster.context}: ${left.slice(0, 5).join(', ')}`);
  } finally {
    await client.close();
  }
}
