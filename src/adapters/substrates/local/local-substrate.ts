import { join } from 'node:path';
import type { ClusterPart } from '../../../core/model/substrate-types.ts';
import { clusterName } from '../../../core/plan/cluster-name.ts';
import { CLUSTERS_AT_ONCE } from '../../../core/plan/limits.ts';
import { allAtOnce } from '../../host/at-once.ts';
import { campaignFolder, recordCluster } from '../../host/ledger.ts';
import type { ClusterRecord } from '../../host/ledger.ts';
import { makeFolder } from '../../host/make-folder.ts';
import { withProcessLock } from '../../host/process-lock.ts';
import type { ProvisionRequest, ScrapeTargets, SubstrateAdapter } from '../substrate.ts';
import { componentLogs } from './components.ts';
import { componentMetrics, kubeletOf, showsFailedNodes } from './kwok-config.ts';
import { clusterFolder, COMPONENTS, contextName, lockPath } from './layout.ts';
import type { ComponentName } from './layout.ts';
import { ensureLocalCluster } from './ensure-cluster.ts';
import { removeLocalCluster } from './remove-cluster.ts';
import type { ToolPaths } from '../substrate.ts';
import { messageOf } from '../../../core/text/message-of.ts';

const JOB_OF: Readonly<Record<ComponentName, ClusterPart>> = {
  etcd: 'etcd',
  'kube-apiserver': 'apiserver',
  'kube-controller-manager': 'controller-manager',
  'kube-scheduler': 'scheduler',
  'kwok-controller': 'kwok',
};

/** kwok clusters on this host: real etcd, apiserver, scheduler and controller-manager, Nodes and Pods played by kwok. */
export function localSubstrate(tools: ToolPaths): SubstrateAdapter {
  return {
    provision,
    scrapeTargets: (cluster) => Promise.resolve(scrapeTargets(cluster)),
    kubelet: kubeletOf,
    showsFailedNodes,
    clusterLogs: componentLogs,
    remove: (cluster, signal) =>
      withProcessLock(lockPath(cluster), { signal }, () => removeLocalCluster(cluster, tools, signal)),
  };
}

async function provision(request: ProvisionRequest): Promise<readonly ClusterRecord[]> {
  const { spec, firstCluster, clusterCount, onProgress } = request;
  const folder = join(campaignFolder(spec.slug), 'clusters');
  makeFolder(folder, 0o700);
  const planned = Array.from({ length: clusterCount }, (_, position): ClusterRecord => {
    const index = firstCluster + position;
    const name = clusterName(spec.slug, index);
    return {
      index,
      name,
      kubeconfigPath: join(folder, `${name}.kubeconfig`),
      context: contextName(name),
      owned: true,
      uid: '',
    };
  });
  // All of them on record before the first process starts: the worker after a crash knows what to look for.
  for (const cluster of planned) recordCluster(spec.slug, cluster);
  let done = 0;
  // As many at once as the deadline of the stage counts with, also on a host with fewer cores.
  const limits = { atOnce: CLUSTERS_AT_ONCE, signal: request.signal };
  return await allAtOnce(planned, limits, async (cluster, signal) => {
    const onStep = (detail: string): void => onProgress(done, clusterCount, `${cluster.name}: ${detail}`);
    const limit = AbortSignal.timeout(spec.deadlines.budgets.clusterReadyMs);
    const ready = await withProcessLock(lockPath(cluster), { signal }, () =>
      ensureLocalCluster({ spec, cluster, tools: request.tools, signal: AbortSignal.any([signal, limit]), onStep }),
    ).catch((cause: unknown) => {
      signal.throwIfAborted();
      if (!limit.aborted) throw cause;
      const budgetMs = spec.deadlines.budgets.clusterReadyMs;
      throw new Error(`cluster ${cluster.name} was not ready within clusterReadyMs = ${budgetMs}: ${messageOf(cause)}`);
    });
    recordCluster(spec.slug, ready);
    done += 1;
    onStep('ready');
    return ready;
  });
}

function scrapeTargets(cluster: ClusterRecord): ScrapeTargets {
  const targets = componentMetrics(cluster).map((metric) => ({
    job: JOB_OF[metric.name],
    cluster: cluster.name,
    scheme: metric.scheme,
    address: metric.address,
    path: metric.path,
    tls: tlsOf(cluster, metric),
  }));
  const absent = COMPONENTS.map((name) => JOB_OF[name])
    .filter((job) => !targets.some((target) => target.job === job))
    .map((job) => ({ job, reason: 'kwokctl recorded no metrics endpoint for it' }));
  return { targets, absent };
}

function tlsOf(
  cluster: ClusterRecord,
  metric: { name: ComponentName; scheme: string; certFile: string; keyFile: string },
): ScrapeTargets['targets'][number]['tls'] {
  if (metric.scheme !== 'https') return {};
  const client = { certFile: metric.certFile, keyFile: metric.keyFile };
  // Only the apiserver serves a certificate of the cluster's authority; the other two make their own at each start.
  if (metric.name !== 'kube-apiserver') return { ...client, insecure: true };
  return { ...client, caFile: join(clusterFolder(cluster), 'pki', 'ca.crt') };
}
