import type { ClusterRecord } from '../host/ledger.ts';
import { ALL_BUT_RELEASES } from './system-chart.ts';
import { connectCluster } from '../kube/client.ts';
import { removeCampaign, type Removal } from '../kube/remove-campaign.ts';

/** A sweep of one borrowed cluster. */
export interface SweepRequest {
  readonly campaign: string;
  readonly cluster: ClusterRecord;
  /** The records of Helm releases stay: a chart could not be uninstalled. */
  readonly keepReleases: boolean;
  /** The system's processes have ended: nothing honours its finalizers any more. */
  readonly controllersGone?: boolean;
  readonly signal: AbortSignal;
  readonly budgetMs: number;
  readonly onProgress: (left: number) => void;
}

/** Removes everything that carries the campaign's label from a cluster, as `removeCampaign` does. */
export async function sweepCluster(request: SweepRequest): Promise<Removal> {
  const { campaign, cluster, keepReleases, signal, budgetMs, onProgress } = request;
  const client = await connectCluster({ kubeconfigPath: cluster.kubeconfigPath, context: cluster.context });
  try {
    const only = keepReleases ? { only: ALL_BUT_RELEASES } : {};
    const { kinds: brought = [], finalizers = [] } = cluster.brought ?? {};
    const { controllersGone = false } = request;
    return await removeCampaign(
      client,
      { campaign, brought, finalizers, controllersGone, ...only, onProgress },
      { signal, budgetMs },
    );
  } finally {
    await client.close();
  }
}
