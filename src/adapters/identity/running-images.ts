import { asSet } from '../../core/identity/identity-of.ts';
import type { ImageIdentity } from '../../core/identity/identity-schema.ts';
import type { System } from '../../core/model/system.ts';
import { LABELS } from '../../core/plan/labels.ts';
import { LIST_PAGE } from '../../core/plan/limits.ts';
import { withQuery, type ClusterClient, type ObjectMeta } from '../kube/client.ts';
import { podsPath } from '../kube/slot-book.ts';
import type { Within } from '../kube/api-request.ts';

/** Where the images of a campaign run in one cluster. */
export interface ImagesRequest {
  readonly client: Pick<ClusterClient, 'get' | 'list'>;
  readonly campaign: string;
  /** Namespace of the load's Pods. */
  readonly namespace: string;
  readonly system: System;
}

/** The fields of a workload that are read. */
interface Workload {
  readonly metadata: ObjectMeta;
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  };
  readonly status?: { readonly desiredNumberScheduled?: number };
}

/** The fields of a Pod that are read. */
interface PodObject {
  readonly status?: {
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly image: string;
  readonly imageID?: string;
  readonly state?: { readonly running?: unknown; readonly terminated?: unknown };
}

/** Kinds of which Pods are made, as their path names them. */
const WORKLOAD_KINDS = ['deployments', 'statefulsets', 'daemonsets'];

/**
 * The images that run in a cluster: of the workloads of the system's chart and manifests, and of one page of the load's Pods,
 * which all have the image of the plan.
 * @throws KubeError when the cluster does not answer; Error when no Pod of the load has run
 */
export async function runningImages(request: ImagesRequest, within: Within): Promise<readonly ImageIdentity[]> {
  const { client, campaign, namespace } = request;
  const load = await imagesOf(client, podsPath(namespace), `${LABELS.campaign}=${campaign}`, within);
  if (load.length === 0) throw new Error('no container of the load was running');
  const found = load.map((one): ImageIdentity => ({ of: 'load', ...one }));
  for (const { metadata, spec, status } of await workloads(request, within)) {
    if (spec?.replicas === 0 || status?.desiredNumberScheduled === 0) continue;
    const labels = Object.entries(spec?.selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
    if (labels.length === 0) throw new Error(`workload ${metadata.name} of the system has no matchLabels`);
    const images = await imagesOf(client, podsPath(metadata.namespace ?? ''), labels.join(','), within);
    if (images.length === 0) throw new Error(`no container of the system's workload ${metadata.name} was running`);
    for (const one of images) found.push({ of: 'system', ...one });
  }
  return asSet(found);
}

/** The workloads of the system: those that carry the campaign's label, and those of its Helm release. */
async function workloads(
  { client, campaign, system: { install } }: ImagesRequest,
  within: Within,
): Promise<readonly Workload[]> {
  const { helm, manifests } = install;
  const pick = (workload: Workload): Workload => workload;
  const found: Workload[] = [];
  for (const kind of helm === undefined && manifests.length === 0 ? [] : WORKLOAD_KINDS) {
    if (manifests.length > 0) {
      const labelSelector = `${LABELS.campaign}=${campaign}`;
      found.push(...(await client.list(`/apis/apps/v1/${kind}`, { labelSelector, pick }, within)).items);
    }
    if (helm !== undefined) {
      const path = `/apis/apps/v1/namespaces/${helm.namespace}/${kind}`;
      const { items } = await client.list(path, { pick }, within);
      found.push(
        ...items.filter(({ metadata }) => metadata.annotations?.['meta.helm.sh/release-name'] === helm.release),
      );
    }
  }
  return found;
}

async function imagesOf(
  client: ImagesRequest['client'],
  path: string,
  labelSelector: string,
  within: Within,
): Promise<readonly Omit<ImageIdentity, 'of'>[]> {
  const page = withQuery(path, { labelSelector, limit: String(LIST_PAGE) });
  const pods = await client.get<{ readonly items: readonly PodObject[] | null }>(page, within);
  const images = (pods?.items ?? []).flatMap(({ status }) =>
    [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
      // A container that waits has no image yet.
      .filter(({ state }) => state?.running !== undefined || state?.terminated !== undefined)
      .map(({ image, imageID = '' }) => ({ image, imageId: imageID === '' ? 'none' : imageID })),
  );
  return asSet(images);
}
