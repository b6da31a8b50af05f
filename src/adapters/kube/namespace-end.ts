import type { ClusterClient } from './client.ts';
import { refusal } from './kube-error.ts';
import type { Within } from './api-request.ts';

interface NamespaceObject {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec?: { readonly finalizers?: readonly string[] };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

/** Conditions of a namespace that is being deleted and does not end. */
const FULL = ['NamespaceContentRemaining', 'NamespaceFinalizersRemaining'];
const UNREADABLE = 'NamespaceDeletionContentFailure';
const UNKNOWN_GROUPS = 'NamespaceDeletionDiscoveryFailure';

/** What keeps a namespace that is being deleted, in the words of its controller. */
export async function namespaceHolds(client: ClusterClient, path: string, within: Within): Promise<readonly string[]> {
  const conditions = conditionsOf(await client.get<NamespaceObject>(path, within));
  return [...FULL, UNREADABLE, UNKNOWN_GROUPS].flatMap((type) => conditions.get(type) ?? []);
}

/**
 * Ends a campaign's namespace that is empty, and only stays because the cluster cannot say whether there is something in it of a kind
 * that it cannot convert, or of an API group that does not answer. The campaign has made nothing of them.
 */
export async function releaseNamespace(client: ClusterClient, path: string, within: Within): Promise<void> {
  const found = await client.get<NamespaceObject>(path, within);
  const conditions = conditionsOf(found);
  const [unreadable, unknown] = [conditions.get(UNREADABLE), conditions.get(UNKNOWN_GROUPS)];
  if (found === undefined || FULL.some((type) => conditions.has(type))) return;
  if (unreadable === undefined ? unknown === undefined : !/conversion webhook for /.test(unreadable)) return;
  const body = JSON.stringify({ ...found, spec: { ...found.spec, finalizers: [] } });
  const { status, body: answer } = await client.request({ method: 'PUT', path: `${path}/finalize`, body }, within);
  if (status >= 300 && status !== 404 && status !== 409) throw refusal('PUT', `${path}/finalize`, status, answer);
}

/** The messages of the conditions that are true, by type. */
function conditionsOf(namespace: NamespaceObject | undefined): ReadonlyMap<string, string> {
  const held = (namespace?.status?.conditions ?? []).filter(({ status }) => status === 'True');
  return new Map(held.map(({ type, message = '' }) => [type, message]));
}
