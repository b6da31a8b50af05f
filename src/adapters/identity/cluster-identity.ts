import { asSet } from '../../core/identity/identity-of.ts';
import type { ClusterClass, NodeClass } from '../../core/identity/identity-schema.ts';
import type { ClusterClient } from '../kube/client.ts';
import { KubeError } from '../kube/kube-error.ts';
import type { Within } from '../kube/api-request.ts';

/** The fields of a Node that are read. */
interface NodeObject {
  readonly status?: {
    readonly nodeInfo?: {
      readonly kubeletVersion?: string;
      readonly kernelVersion?: string;
      readonly osImage?: string;
      readonly containerRuntimeVersion?: string;
      readonly architecture?: string;
    };
  };
}

/**
 * What one cluster runs: the version of its API server, and for a borrowed cluster the kinds of its Nodes. The Nodes of a cluster
 * of our own are played by kwok, and Belay or the system makes them.
 * @throws KubeError when the cluster does not answer
 */
export async function clusterIdentity(
  client: Pick<ClusterClient, 'get' | 'list'>,
  isBorrowed: boolean,
  within: Within,
): Promise<ClusterClass> {
  const version = await client.get<{ readonly gitVersion: string; readonly platform: string }>('/version', within);
  if (version === undefined) throw new KubeError('GET /version: 404', 404);
  const nodes = isBorrowed ? (await client.list('/api/v1/nodes', { pick: nodeClassOf }, within)).items : [];
  return { version: version.gitVersion, platform: version.platform, count: 1, nodes: asSet(nodes) };
}

function nodeClassOf({ status }: NodeObject): NodeClass {
  const { kubeletVersion, kernelVersion, osImage, containerRuntimeVersion, architecture } = status?.nodeInfo ?? {};
  return {
    kubelet: reported(kubeletVersion),
    kernel: reported(kernelVersion),
    osImage: reported(osImage),
    runtime: reported(containerRuntimeVersion),
    architecture: reported(architecture),
  };
}

/** A played Node reports empty texts. */
function reported(text: string | undefined): string {
  return text === undefined || text === '' ? 'none' : text;
}
