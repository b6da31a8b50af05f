import type { ClusterClient } from './client.ts';
import { refusal } from './kube-error.ts';
import type { Within } from './transport.ts';

/** A kind of object that an API server serves. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** Answer of aggregated discovery (apidiscovery.k8s.io): all groups, versions and resources in one. */
interface Discovery {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly freshness?: 'Current' | 'Stale';
      readonly resources?: readonly {
        readonly resource: string;
        readonly scope: 'Namespaced' | 'Cluster';
        readonly verbs: readonly string[];
        readonly responseKind?: { readonly kind: string };
      }[];
    }[];
  }[];
}

const AGGREGATED = ['v2', 'v2beta1']
  .map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',');

/**
 * All kinds that are served and answered for, each in every version, a group's preferred version first. Needs Kubernetes 1.27 or later.
 * @throws KubeError when the server does not tell
 */
export async function discover(client: ClusterClient, within: Within): Promise<readonly ApiResource[]> {
  const answers = await Promise.all(
    ['/api', '/apis'].map(async (path) => {
      const { status, body } = await client.request({ method: 'GET', path, accept: AGGREGATED }, within);
      if (status !== 200) throw refusal('GET', path, status, body);
      return JSON.parse(body) as Discovery;
    }),
  );
  return answers
    .flatMap(({ items }) => items)
    .flatMap((group) =>
      (group.versions ?? []).flatMap(({ version, resources, freshness }) =>
        // Stale: its own API server is down, and would keep every caller waiting.
        (freshness === 'Stale' ? [] : (resources ?? [])).map((resource) => ({
          group: group.metadata?.name ?? '',
          version,
          kind: resource.responseKind?.kind ?? '',
          plural: resource.resource,
          namespaced: resource.scope === 'Namespaced',
          verbs: resource.verbs,
        })),
      ),
    );
}

/** Path of a kind's collection; of all namespaces when none is given. */
export function collectionPath(
  { group, version, plural, namespaced }: Omit<ApiResource, 'kind' | 'verbs'>,
  namespace?: string,
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespaced && namespace !== undefined ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
}
