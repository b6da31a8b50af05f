import { accessInWords, clusterAccess } from '../../../core/kubeconfig/cluster-access.ts';
import { readKubeconfigText } from '../../../core/kubeconfig/kubeconfig-text.ts';
import { selectContext } from '../../../core/kubeconfig/select-context.ts';
import { HEALTH_ANSWER_MS } from '../../../core/plan/limits.ts';
import { messageOf } from '../../../core/text/message-of.ts';
import { ClusterClient } from '../../kube/client.ts';
import { accessTo } from '../../kube/credentials.ts';
import { expiredAt } from '../../kube/tls-material.ts';
import { Transport } from '../../kube/transport.ts';
import type { OwnKubeconfig } from './own-kubeconfig.ts';

/** Answers of an API server that knows the user, or lets everybody ask for its version. */
const ANSWERS = [200, 403];

/**
 * Asks a cluster for its version, once, so that one that cannot be reached is known before a campaign starts. A program that gets the
 * credentials may ask at the terminal.
 * @throws Error naming cluster, context and user, and what came instead of an answer, or why it was stopped
 */
export async function askTarget({ name, text }: OwnKubeconfig, stopped: AbortSignal): Promise<void> {
  const access = accessTo(clusterAccess(selectContext([readKubeconfigText(text, 'of the campaign')], ''), {}));
  const client = new ClusterClient(access.server, new Transport(access, 1));
  try {
    const { tls } = await access.credentials({ terminal: process.stdin.isTTY, signal: stopped });
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(2 * HEALTH_ANSWER_MS)]);
    const answer = await client.ask({ method: 'GET', path: '/version' }, { signal, budgetMs: HEALTH_ANSWER_MS });
    if (!ANSWERS.includes(answer.status) || !isOfApiServer(answer.body))
      throw new Error(meaning(answer.status, answer.body, tls.cert));
  } catch (cause) {
    throw new Error(`${accessInWords(name)}: ${messageOf(cause)}`, { cause });
  } finally {
    await client.close();
  }
}

/** API servers answer in JSON; the pages of gateways and of logins, which may have the same status, are none. */
function isOfApiServer(body: string): boolean {
  try {
    const { gitVersion, kind } = (JSON.parse(body) ?? {}) as { readonly gitVersion?: unknown; readonly kind?: unknown };
    return typeof gitVersion === 'string' || kind === 'Status';
  } catch {
    return false;
  }
}

function meaning(status: number, body: string, cert = ''): string {
  if (status === 401) {
    const expired = expiredAt(cert)?.toISOString();
    return `it does not accept the credentials of the user (401)${expired === undefined ? '' : `; the client certificate has expired at ${expired}`}`;
  }
  const words = body.trim().slice(0, 200);
  if (status < 500) return `there is no API server: GET /version answers ${status}: ${words}`;
  return `it is not ready: GET /version answers ${status}: ${words}`;
}
