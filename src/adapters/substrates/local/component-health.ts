import { Agent, request } from 'undici';
import { HEALTH_ANSWER_MS } from '../../../core/plan/limits.ts';
import type { ClusterRecord } from '../../host/ledger.ts';
import { apiNotReady } from '../api-probe.ts';
import { componentMetrics } from './kwok-config.ts';
import { COMPONENTS } from './layout.ts';
import type { ComponentName } from './layout.ts';
import { messageOf } from '../../../core/text/message-of.ts';

/** Where components besides the apiserver say how they are, beside their metrics. */
const HEALTH_PATH: Readonly<Record<Exclude<ComponentName, 'kube-apiserver'>, string>> = {
  etcd: '/health',
  'kube-controller-manager': '/healthz',
  'kube-scheduler': '/healthz',
  'kwok-controller': '/healthz',
};

/** Undefined when a component says that it is well, else what it says. */
export async function componentHealth(
  cluster: ClusterRecord,
  name: ComponentName,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (name === 'kube-apiserver') return apiNotReady(cluster, signal);
  const metric = componentMetrics(cluster).find((each) => each.name === name);
  if (metric === undefined) return 'kwokctl recorded no endpoint for it';
  // Some make their own certificate at each start; what answers on this port of loopback is known by its pid.
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(HEALTH_ANSWER_MS)]);
    const url = `${metric.scheme}://${metric.address}${HEALTH_PATH[name]}`;
    const { statusCode, body } = await request(url, { dispatcher, signal: limited });
    await body.dump();
    return statusCode === 200 ? undefined : `${HEALTH_PATH[name]} answers ${statusCode}`;
  } catch (cause) {
    return `${HEALTH_PATH[name]}: ${messageOf(cause)}`;
  } finally {
    await dispatcher.destroy();
  }
}

/**
 * Undefined when every component says that it is well, else the first that does not and why. An API that answers before
 * the others do accepts Pods that nothing schedules yet.
 */
export async function clusterHealth(cluster: ClusterRecord, signal: AbortSignal): Promise<string | undefined> {
  for (const name of COMPONENTS) {
    const reason = await componentHealth(cluster, name, signal);
    if (reason !== undefined) return `${name} ${reason}`;
  }
  return undefined;
}
