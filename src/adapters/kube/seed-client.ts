import { NODE_REQUESTS_AT_ONCE } from '../../core/plan/limits.ts';
import type { ClusterRecord } from '../host/ledger.ts';
import { connectCluster } from './client.ts';
import { createNodes, waitForNodes } from './machines.ts';
import { ensureNamespace } from './namespace.ts';
import type { Within } from './transport.ts';

/** What `seed` does in one cluster. Every call throws KubeError when it does not succeed within its budget. */
export interface SeedClient {
  /** Creates the namespace, if it does not exist, and waits until it takes Pods. */
  createNamespace(name: string, labels: Readonly<Record<string, string>>, within: Within): Promise<void>;
  /** Creates the Nodes that do not exist yet. The budget is that of one request. */
  createNodes(
    bodies: readonly unknown[],
    within: Within,
    onProgress: (existing: number) => void,
  ): Promise<{ readonly created: number; readonly existing: number }>;
  /** Waits until `count` Nodes of the campaign are Ready. */
  waitForNodes(campaign: string, count: number, within: Within, onProgress: (ready: number) => void): Promise<void>;
  close(): Promise<void>;
}

/** Connects to a cluster. @throws Error when its kubeconfig names no cluster that can be reached */
export async function connectForSeed({ kubeconfigPath, context }: ClusterRecord): Promise<SeedClient> {
  const client = await connectCluster({ kubeconfigPath, context, connections: NODE_REQUESTS_AT_ONCE });
  return {
    createNamespace: async (name, labels, within) => void (await ensureNamespace(client, name, labels, within)),
    createNodes: (bodies, { signal, budgetMs }, onProgress) =>
      createNodes({ client, bodies, parallel: NODE_REQUESTS_AT_ONCE, callBudgetMs: budgetMs, signal, onProgress }),
    waitForNodes: (campaign, count, within, onProgress) =>
      waitForNodes(client, { campaign, count, onProgress }, within),
    close: () => client.close(),
  };
}
