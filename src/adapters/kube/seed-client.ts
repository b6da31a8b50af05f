import type { DaemonSet } from '../../core/plan/daemon-sets.ts';
import { NODE_REQUESTS_AT_ONCE } from '../../core/plan/limits.ts';
import type { PriorityClass } from '../../core/plan/priorities.ts';
import type { ClusterRecord } from '../host/ledger.ts';
import { connectCluster } from './client.ts';
import { createNodes, waitForNodes } from './machines.ts';
import { ensureNamespace } from './namespace.ts';
import { tryPods, type PodTrial } from './preflight.ts';
import { createPriorities } from './priority-classes.ts';
import type { Within } from './api-request.ts';

/** What `seed` does in one cluster. Every call throws KubeError when it does not succeed within its budget. */
export interface SeedClient {
  /** Creates the namespace, if it does not exist, and waits until it takes Pods. */
  createNamespace(name: string, labels: Readonly<Record<string, string>>, within: Within): Promise<void>;
  /** Creates the PriorityClasses that do not exist yet. The budget is that of one request. */
  createPriorities(bodies: readonly PriorityClass[], within: Within): Promise<void>;
  /** Creates the Nodes that do not exist yet. The budget is that of one request. */
  createNodes(
    bodies: readonly unknown[],
    within: Within,
    onProgress: (existing: number) => void,
  ): Promise<{ readonly created: number; readonly existing: number }>;
  /** Waits until `count` Nodes of the campaign are Ready. */
  waitForNodes(campaign: string, count: number, within: Within, onProgress: (ready: number) => void): Promise<void>;
  /** What others run on every Node. @throws TargetRefusal where that may not be seen */
  daemonSets(within: Within): Promise<readonly DaemonSet[]>;
  /** Tries Pods of each shape in the campaign's namespace, and its quotas. Nothing is created. @throws LastingRefusal naming the reason */
  tryPods(request: PodTrial, within: Within): Promise<void>;
  close(): Promise<void>;
}

/** Connects to a cluster. @throws Error when its kubeconfig names no cluster that can be reached */
export async function connectForSeed({ kubeconfigPath, context }: ClusterRecord): Promise<SeedClient> {
  const client = await connectCluster({ kubeconfigPath, context, connections: NODE_REQUESTS_AT_ONCE });
  return {
    createNamespace: async (name, labels, within) => void (await ensureNamespace(client, name, labels, within)),
    createPriorities: (bodies, within) => createPriorities(client, bodies, within),
    createNodes: (bodies, { signal, budgetMs }, onProgress) =>
      createNodes({ client, bodies, parallel: NODE_REQUESTS_AT_ONCE, callBudgetMs: budgetMs, signal, onProgress }),
    waitForNodes: (campaign, count, within, onProgress) =>
      waitForNodes(client, { campaign, count, onProgress }, within),
    daemonSets: async (within) =>
      (await client.list('/apis/apps/v1/daemonsets', { pick: (daemonSet: DaemonSet) => daemonSet }, within)).items,
    tryPods: (request, within) => tryPods(client, request, within),
    close: () => client.close(),
  };
}
