import type { ClusterClient } from './client.ts';
import { KubeError, refusal } from './kube-error.ts';
import type { Within } from './api-request.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { quoted } from '../../core/text/quoted.ts';
import { isKindPart } from './path-part.ts';

/** A kind of object that an API server serves. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** The kinds of a cluster, and the groups of which it does not say what they have. */
export interface ApiResources {
  readonly resources: readonly ApiResource[];
  /** E.g. `metrics.k8s.io/v1beta1: its API server does not answer`. */
  readonly unknown: readonly string[];
}

/** Answer of aggregated discovery (apidiscovery.k8s.io): all groups, versions and resources in one. */
interface AggregatedGroups {
  readonly kind: 'APIGroupDiscoveryList';
  readonly items?: readonly {
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

/** What `/api` and `/apis` answer where discovery is not aggregated: names of versions, whose resources are asked for one by one. */
interface PlainGroups {
  readonly kind?: 'APIVersions' | 'APIGroupList';
  readonly versions?: readonly string[];
  readonly groups?: readonly {
    readonly versions?: readonly { readonly groupVersion: string }[];
    readonly preferredVersion?: { readonly groupVersion: string };
  }[];
}

/** The resources of one version of a group. */
interface PlainResources {
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs?: readonly string[];
  }[];
}

/** A server that does not know aggregated discovery, or a proxy that drops the header, takes the last one. */
const AGGREGATED = [
  ...['v2', 'v2beta1'].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`),
  'application/json',
].join(',');

/** The kinds that {@link discoverAll} finds. @throws KubeError when the server does not tell */
export async function discover(client: ClusterClient, within: Within): Promise<readonly ApiResource[]> {
  return (await discoverAll(client, within)).resources;
}

/**
 * All kinds that are served, each in every version, a group's preferred version first. A group whose own API server does not answer
 * is named, and does not keep the others.
 * @throws KubeError when the server does not tell which groups there are
 */
export async function discoverAll(client: ClusterClient, within: Within): Promise<ApiResources> {
  const found = await Promise.all(
    ['/api', '/apis'].map(async (path) => {
      const { status, body } = await client.request({ method: 'GET', path, accept: AGGREGATED }, within);
      if (status !== 200) throw refusal('GET', path, status, body);
      const answer = JSON.parse(body) as AggregatedGroups | PlainGroups;
      return 'items' in answer || answer.kind === 'APIGroupDiscoveryList'
        ? aggregated(answer)
        : await plain(client, path, answer, within);
    }),
  );
  const resources = found.flatMap((each) => each.resources);
  const named = resources.filter((each) => isNamed(each));
  const strange = resources
    .filter((each) => !isNamed(each))
    .map(({ group, version, plural }) => `${quoted([group, version, plural])}: not the names of a kind`);
  return { resources: named, unknown: [...found.flatMap(({ unknown }) => unknown), ...strange] };
}

/** Whether the names of a kind are parts of a path: the API server of others that serves it may say anything. */
function isNamed({ group, version, plural }: ApiResource): boolean {
  return [version, plural, ...(group === '' ? [] : [group])].every(isKindPart);
}

function aggregated({ items = [] }: AggregatedGroups): ApiResources {
  const resources: ApiResource[] = [];
  const unknown: string[] = [];
  for (const { metadata, versions = [] } of items) {
    const group = metadata?.name ?? '';
    for (const { version, resources: own = [], freshness } of versions) {
      // Stale: its own API server is down, and would keep every caller waiting.
      if (freshness === 'Stale') unknown.push(`${group}/${version}: its API server does not answer`);
      else
        resources.push(
          ...own.map(({ resource, scope, verbs, responseKind }) => ({
            group,
            version,
            kind: responseKind?.kind ?? '',
            plural: resource,
            namespaced: scope === 'Namespaced',
            verbs,
          })),
        );
    }
  }
  return { resources, unknown };
}

async function plain(client: ClusterClient, root: string, answer: PlainGroups, within: Within): Promise<ApiResources> {
  const grouped = (answer.groups ?? []).flatMap(({ versions = [], preferredVersion }) => {
    const preferred = preferredVersion?.groupVersion;
    const names = versions.map(({ groupVersion }) => groupVersion);
    return preferred === undefined ? names : [preferred, ...names.filter((name) => name !== preferred)];
  });
  const unknown: string[] = [];
  const lists = await Promise.all(
    [...(answer.versions ?? []), ...grouped].map(async (groupVersion) => {
      try {
        return await resourcesOf(client, root, groupVersion, within);
      } catch (cause) {
        within.signal.throwIfAborted();
        unknown.push(`${groupVersion}: ${messageOf(cause)}`);
        return [];
      }
    }),
  );
  return { resources: lists.flat(), unknown };
}

/** The resources of `v1`, or of e.g. `apps/v1`. One try: the server that answers for the group may be down for good. */
async function resourcesOf(
  client: ClusterClient,
  root: string,
  groupVersion: string,
  within: Within,
): Promise<readonly ApiResource[]> {
  const path = `${root}/${groupVersion}`;
  const { status, body } = await client.ask({ method: 'GET', path }, within);
  if (status !== 200) throw refusal('GET', path, status, body);
  const [group, version] = groupVersion.includes('/')
    ? (groupVersion.split('/') as [string, string])
    : ['', groupVersion];
  const { resources = [] } = parsed(path, body);
  return resources
    .filter(({ name }) => !name.includes('/'))
    .map(({ name, kind, namespaced, verbs = [] }) => ({ group, version, kind, plural: name, namespaced, verbs }));
}

function parsed(path: string, body: string): PlainResources {
  try {
    return JSON.parse(body) as PlainResources;
  } catch (cause) {
    throw new KubeError(`GET ${path}: not a list of resources: ${body.slice(0, 100)}`, 200, '', cause);
  }
}

/** Path of a kind's collection; of all namespaces when none is given. */
export function collectionPath(
  { group, version, plural, namespaced }: Omit<ApiResource, 'kind' | 'verbs'>,
  namespace?: string,
): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  return namespaced && namespace !== undefined ? `${root}/namespaces/${namespace}/${plural}` : `${root}/${plural}`;
}
