import { Agent, request } from 'undici';
import type { ClusterRecord } from '../../host/ledger.ts';
import { componentMetrics } from './kwok-config.ts';

const ANSWER_LIMIT_MS = 5_000;

/** Components besides the apiserver that answer /healthz beside their metrics. */
const WITH_HEALTHZ = new Set<string>(['kube-controller-manager', 'kube-scheduler', 'kwok-controller']);

/**
 * Undefined when scheduler, controller-manager and kwok say that they are well, else the first that does not and why.
 * An API that answers before these do accepts Pods that nothing schedules yet.
 */
export async function componentHealth(cluster: ClusterRecord, signal: AbortSignal): Promise<string | undefined> {
  // Both make their own certificate at each start; what answers on this port of loopback is known by its pid.
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    for (const metric of componentMetrics(cluster)) {
      if (!WITH_HEALTHZ.has(metric.name)) continue;
      const reason = await askHealth(`${metric.scheme}://${metric.address}/healthz`, agent, signal);
      if (reason !== undefined) return `${metric.name} /healthz: ${reason}`;
    }
    return undefined;
  } finally {
    await agent.destroy();
  }
}

async function askHealth(url: string, dispatcher: Agent, signal: AbortSignal): Promise<string | undefined> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]);
    const { statusCode, body } = await request(url, { dispatcher, signal: limited });
    await body.dump();
    return statusCode === 200 ? undefined : `answers ${statusCode}`;
  } catch (cause) {
    return (cause as Error).message;
  }
}
