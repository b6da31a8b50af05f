import { LABELS } from '../../src/core/plan/labels.ts';
import { connectCluster, type ClusterClient, type ObjectMeta } from '../../src/adapters/kube/client.ts';
import type { ClusterRecord } from '../../src/adapters/host/ledger.ts';

/** Changes a campaign's cluster without the campaign, by a connection of its own. */
export class Outsider {
  readonly #client: ClusterClient;

  private constructor(client: ClusterClient) {
    this.#client = client;
  }

  /** Connects by the kubeconfig of a cluster. */
  static async connect({ kubeconfigPath, context }: ClusterRecord): Promise<Outsider> {
    return new Outsider(await connectCluster({ kubeconfigPath, context, connections: 8 }));
  }

  /** Makes every Node refuse new Pods. */
  async cordonNodes(): Promise<void> {
    const { items } = await this.#client.list('/api/v1/nodes', { metadataOnly: true, pick: nameOf }, within());
    await Promise.all(
      items.map((name) =>
        this.#client.patch(`/api/v1/nodes/${name}`, 'merge', { spec: { unschedulable: true } }, within()),
      ),
    );
  }

  /** Paths of the Pods of campaigns in the cluster. */
  async pods(): Promise<readonly string[]> {
    const selection = { labelSelector: LABELS.campaign, metadataOnly: true, pick: podPathOf };
    return (await this.#client.list('/api/v1/pods', selection, within())).items;
  }

  /** Deletes Pods at once. */
  async deletePods(paths: readonly string[]): Promise<void> {
    await Promise.all(paths.map((path) => this.#client.delete(path, { gracePeriodSeconds: 0 }, within())));
  }

  /** Changes the status of Pods, where they still exist. */
  async patchStatus(paths: readonly string[], status: object): Promise<void> {
    await Promise.all(
      paths.map((path) => this.#client.patch(`${path}/status`, 'strategic-merge', { status }, within())),
    );
  }

  async close(): Promise<void> {
    await this.#client.close();
  }
}

/** The status of a Pod that runs and is not Ready. */
export const NOT_READY = { conditions: [{ type: 'Ready', status: 'False' }] } as const;

function nameOf({ metadata }: { readonly metadata: ObjectMeta }): string {
  return metadata.name;
}

function podPathOf({ metadata }: { readonly metadata: ObjectMeta }): string {
  return `/api/v1/namespaces/${metadata.namespace ?? ''}/pods/${metadata.name}`;
}

function within(): { readonly signal: AbortSignal; readonly budgetMs: number } {
  return { signal: AbortSignal.timeout(30_000), budgetMs: 10_000 };
}
