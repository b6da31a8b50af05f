import { HEALTH_ANSWER_MS } from '../../core/plan/limits.ts';
import { messageOf } from '../../core/text/message-of.ts';
import type { ClusterRecord } from '../host/ledger.ts';
import { connectCluster } from '../kube/client.ts';
import type { ApiAnswer } from '../kube/api-request.ts';

/** A cluster, by its kubeconfig. */
export type ProbedCluster = Pick<ClusterRecord, 'kubeconfigPath' | 'context'>;

/** Identity and state of a cluster, as its API reports it. */
export interface ApiHealth {
  /** UID of the namespace kube-system: the cluster's own. */
  readonly uid: string;
  readonly nodes: number;
}

/** Why the API server is not ready, in its own words; undefined when it is. */
export async function apiNotReady(cluster: ProbedCluster, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { status, body } = await askOnce(cluster, '/readyz', signal);
    return status === 200 ? undefined : `/readyz answers ${status}: ${firstFailedCheck(body)}`;
  } catch (cause) {
    return `/readyz: ${messageOf(cause)}`;
  }
}

/**
 * Health by real calls: /readyz, the namespace kube-system, a list of Nodes.
 * @throws Error naming the call that did not succeed
 */
export async function apiHealth(cluster: ProbedCluster, signal: AbortSignal): Promise<ApiHealth> {
  const reason = await apiNotReady(cluster, signal);
  if (reason !== undefined) throw new Error(reason);
  const uid = await clusterUid(cluster, signal);
  const nodes = await json<{ items: unknown[]; metadata: { remainingItemCount?: number } }>(
    cluster,
    '/api/v1/nodes?limit=1',
    signal,
  );
  return { uid, nodes: nodes.items.length + (nodes.metadata.remainingItemCount ?? 0) };
}

/** The UID of the namespace kube-system. @throws Error naming the call that did not succeed */
export async function clusterUid(cluster: ProbedCluster, signal: AbortSignal): Promise<string> {
  const { metadata } = await json<{ metadata: { uid: string } }>(cluster, '/api/v1/namespaces/kube-system', signal);
  return metadata.uid;
}

/** One GET without retries, on a connection of its own. @throws Error when no answer comes in time */
export async function askOnce(cluster: ProbedCluster, path: string, signal: AbortSignal): Promise<ApiAnswer> {
  const client = await connectCluster({ ...cluster, connections: 1 });
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_ANSWER_MS)]);
    return await client.ask({ method: 'GET', path }, { signal: limited, budgetMs: HEALTH_ANSWER_MS });
  } finally {
    await client.close();
  }
}

async function json<T>(cluster: ProbedCluster, path: string, signal: AbortSignal): Promise<T> {
  const { status, body } = await askOnce(cluster, path, signal);
  if (status !== 200) throw new Error(`GET ${path} answers ${status}: ${body.slice(0, 200)}`);
  try {
    return JSON.parse(body) as T;
  } catch (cause) {
    throw new Error(`GET ${path} answers ${status} without JSON: ${body.slice(0, 200)}`, { cause });
  }
}

function firstFailedCheck(body: string): string {
  return body.split('\n').find((line) => line.startsWith('[-]')) ?? body.slice(0, 200);
}
