import { LABELS } from '../../core/plan/labels.ts';
import type { ClusterClient, ObjectMeta } from './client.ts';
import { KubeError } from './kube-error.ts';
import { podsPath } from './slot-book.ts';
import type { Within } from './api-request.ts';

/** Identities of existing objects by name. If they are equal before and after, nothing was created again. */
export interface Uids {
  /** Of the namespace kube-system, which is the cluster's own. */
  readonly cluster: string;
  readonly nodes: Readonly<Record<string, string>>;
  readonly pods: Readonly<Record<string, string>>;
}

/** Reads the identities of a cluster, of all its Nodes, and of a campaign's Pods. */
export async function readUids(
  client: ClusterClient,
  campaign: { readonly campaign: string; readonly namespace: string },
  within: Within,
): Promise<Uids> {
  const labelSelector = `${LABELS.campaign}=${campaign.campaign}`;
  const [cluster, nodes, pods] = await Promise.all([
    clusterUid(client, within),
    client.list('/api/v1/nodes', { metadataOnly: true, pick: uidOf }, within),
    client.list(podsPath(campaign.namespace), { labelSelector, metadataOnly: true, pick: uidOf }, within),
  ]);
  return { cluster, nodes: Object.fromEntries(nodes.items), pods: Object.fromEntries(pods.items) };
}

/** The cluster's own identity: the UID of its namespace kube-system. */
async function clusterUid(client: ClusterClient, within: Within): Promise<string> {
  const namespace = await client.get<{ metadata: ObjectMeta }>('/api/v1/namespaces/kube-system', within);
  if (namespace === undefined)
    throw new KubeError(`${client.server}: there is no namespace kube-system`, 404, 'NotFound');
  return namespace.metadata.uid;
}

function uidOf({ metadata }: { readonly metadata: ObjectMeta }): readonly [string, string] {
  return [metadata.name, metadata.uid];
}
