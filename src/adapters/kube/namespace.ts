import { setTimeout as sleep } from 'node:timers/promises';
import { NAMESPACE_POLL_MS } from '../../core/plan/limits.ts';
import type { ClusterClient } from './client.ts';
import { KubeError } from './kube-error.ts';
import type { Within } from './transport.ts';

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
  const untilMs = Date.now() + within.budgetMs;
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  const { outcome } = await client.create('/api/v1/namespaces', body, within);
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  while ((await client.get(account, within)) === undefined) {
    if (Date.now() > untilMs) {
      throw new KubeError(
        `namespace ${name}: no ServiceAccount "default" within ${within.budgetMs} ms; the controller-manager makes it, and may be down`,
        404,
        'NotFound',
      );
    }
    await sleep(NAMESPACE_POLL_MS, undefined, { signal: within.signal }).catch(() => within.signal.throwIfAborted());
  }
  return outcome;
}
