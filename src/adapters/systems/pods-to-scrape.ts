import type { ScrapeEntry } from '../../core/model/scrape-entry.ts';
import { SYSTEM_POLL_MS } from '../../core/plan/limits.ts';
import { pollUntil } from '../host/poll-until.ts';
import type { ClusterClient, ObjectMeta } from '../kube/client.ts';
import type { Within } from '../kube/api-request.ts';

/** What the proxy of an API server is asked for. */
export interface ProxiedPort {
  readonly namespace: string;
  readonly kind: 'pods' | 'services';
  readonly name: string;
  /** A number, or of a Service without Pods the name or number of its port. */
  readonly port: string | number;
}

/** The fields of a Pod that are read. */
interface PodObject {
  readonly metadata: ObjectMeta;
  readonly spec: {
    readonly containers: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** The fields of a Service that are read. */
interface ServiceObject {
  readonly spec: { readonly ports?: readonly { readonly name?: string; readonly port: number }[] };
}

/** The fields of an EndpointSlice that are read. */
interface SliceObject {
  readonly ports?: readonly { readonly name?: string | null; readonly port?: number | null }[] | null;
  readonly endpoints?: readonly {
    readonly conditions?: { readonly ready?: boolean | null } | null;
    readonly targetRef?: { readonly kind?: string; readonly name?: string } | null;
  }[];
}

/**
 * The Pods behind an entry with `pods` or `service`: all that match and are ready, in the order of their names. It waits for the
 * first of them, and until none that matches is on its way to be ready. A Service whose endpoints are no Pods is asked itself.
 * @returns why there is none when the budget is used up
 * @throws KubeError when the API server refuses, e.g. a right that is missing; the signal's reason
 */
export async function podsToScrape(
  client: ClusterClient,
  entry: Pick<ScrapeEntry, 'service' | 'pods'>,
  within: Within,
): Promise<readonly ProxiedPort[] | string> {
  let reason = '';
  const found = await pollUntil({ everyMs: SYSTEM_POLL_MS, ...within }, async () => {
    const looked =
      entry.pods === undefined
        ? await ofService(client, entry.service, within)
        : await ofPods(client, entry.pods, within);
    if (typeof looked !== 'string') return looked;
    reason = looked;
    return undefined;
  });
  return found?.toSorted((a, b) => (a.name < b.name ? -1 : 1)) ?? reason;
}

async function ofPods(
  client: ClusterClient,
  { namespace, selector, port }: NonNullable<ScrapeEntry['pods']>,
  within: Within,
): Promise<readonly ProxiedPort[] | string> {
  const { items } = await client.list(
    `/api/v1/namespaces/${namespace}/pods`,
    { labelSelector: selector, pick: (pod: PodObject) => pod },
    within,
  );
  const alive = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const ready = alive.filter(isReady);
  const where = `Pods ${selector} in namespace ${namespace}`;
  if (ready.length === 0) return `no ready Pod among the ${alive.length} ${where}`;
  if (ready.length < alive.length) return `${ready.length} of ${alive.length} ${where} are ready`;
  const ports = ready.map((pod) => ({ name: pod.metadata.name, number: portOf(pod, port) }));
  const without = ports.find(({ number }) => number === undefined);
  if (without !== undefined) return `Pod ${without.name} in namespace ${namespace} has no port named ${port}`;
  return ports.map(({ name, number = 0 }) => ({ namespace, kind: 'pods', name, port: number }));
}

async function ofService(
  client: ClusterClient,
  service: ScrapeEntry['service'],
  within: Within,
): Promise<readonly ProxiedPort[] | string> {
  const { namespace = '', name = '', port = '' } = service ?? {};
  const what = `Service ${namespace}/${name}`;
  const found = await client.get<ServiceObject>(`/api/v1/namespaces/${namespace}/services/${name}`, within);
  if (found === undefined) return `${what} does not exist`;
  const ports = found.spec.ports ?? [];
  const asked = ports.find((each) => (typeof port === 'number' ? each.port === port : each.name === port));
  if (asked === undefined) {
    const known = ports.map((each) => `${each.port}${each.name === undefined ? '' : ` (${each.name})`}`).join(', ');
    return `${what} has no port ${port}; its ports: ${known || 'none'}`;
  }
  const { items } = await client.list(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    { labelSelector: `kubernetes.io/service-name=${name}`, pick: (slice: SliceObject) => slice },
    within,
  );
  const endpoints = items.flatMap((slice) => {
    const number = slice.ports?.find((each) => (each.name ?? '') === (asked.name ?? ''))?.port ?? undefined;
    // Absent = ready.
    const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
    return ready.map(({ targetRef }) => ({ number, pod: podOf(targetRef) }));
  });
  if (endpoints.length === 0) return `${what} has no ready endpoint`;
  const pods = new Map<string, ProxiedPort>();
  for (const { number, pod } of endpoints) {
    if (number !== undefined && pod !== undefined) pods.set(pod, { namespace, kind: 'pods', name: pod, port: number });
  }
  if (pods.size > 0) return [...pods.values()];
  if (endpoints.length > 1)
    return `${what} has ${endpoints.length} endpoints that are no Pods, and the API server would ask them in turn`;
  return [{ namespace, kind: 'services', name, port: asked.name ?? asked.port }];
}

/** The Pod behind an endpoint. Who may write endpoints may write any text there, and the name becomes part of a path. */
function podOf(ref: NonNullable<SliceObject['endpoints']>[number]['targetRef']): string | undefined {
  return ref?.kind === 'Pod' && POD_NAME.test(ref.name ?? '') ? ref.name : undefined;
}

/** Names of Pods, as API servers take them. */
const POD_NAME = /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/;

function isReady({ status }: PodObject): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

function portOf({ spec }: PodObject, port: string | number): number | undefined {
  if (typeof port === 'number') return port;
  return spec.containers.flatMap(({ ports }) => ports ?? []).find(({ name }) => name === port)?.containerPort;
}
