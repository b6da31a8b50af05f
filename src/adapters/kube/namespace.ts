import { NAMESPACE_POLL_MS } from '../../core/plan/limits.ts';
import { pollUntil } from '../host/poll-until.ts';
import type { ClusterClient } from './client.ts';
import { KubeError } from './kube-error.ts';
import type { Within } from './api-request.ts';

/**
 * Makes a namespace, if it is not there, and waits until Pods can be created in it: until the controller-manager has given
 * it its `default` ServiceAccount, without which admission refuses Pods, mounted token or not.
 * @throws KubeError when the ServiceAccount does not come within the budget; the signal's reason
 */
export async function ensureNamespace(
  client: ClusterClient,
  name: string,
  labels: Readonly<Record<string, string>>,
  within: Within,
): Promise<'created' | 'exists'> {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  const { outcome } = await client.create('/api/v1/namespaces', body, within);
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  const found = await pollUntil({ everyMs: NAMESPACE_POLL_MS, ...within }, () => client.get(account, within));
  if (found === undefined) {
    throw new KubeError(
      `namespace ${name}: no ServiceAccount "default" within ${within.budgetMs} ms; the controller-manager makes it, and may be down`,
      404,
      'NotFound',
    );
  }
  return outcome;
}
