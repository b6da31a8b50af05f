import { ADDRESS_METRICS_ASKED, ADDRESS_UIDS_ASKED } from '../../../core/plan/limits.ts';
import { LastingRefusal } from '../../kube/kube-error.ts';
import { askOnce, clusterUid, type ProbedCluster } from '../api-probe.ts';

/**
 * Asks a cluster who it is on several new connections: behind one address a load balancer may have API servers of different clusters,
 * where a campaign would be made half in one and half in the other. Servers of one cluster answer with the same UID.
 * @throws LastingRefusal naming both UIDs; the signal's reason
 */
export async function refuseSeveralClusters(cluster: ProbedCluster, uid: string, signal: AbortSignal): Promise<void> {
  const asked = Array.from({ length: ADDRESS_UIDS_ASKED }, () => clusterUid(cluster, signal).catch(() => uid));
  const other = (await Promise.all(asked)).find((each) => each !== uid);
  signal.throwIfAborted();
  if (other === undefined) return;
  throw new LastingRefusal(
    `context ${cluster.context} leads to several clusters: its address answers now with UID ${uid} and now with UID ${other}; expected API servers of one cluster behind it`,
    409,
    'Conflict',
  );
}

/** The start of a process and counters that only grow in it: another start, or less than before, is another process. */
const START = 'process_start_time_seconds';
const GROWING = ['process_cpu_seconds_total', 'go_memstats_alloc_bytes_total'];

/** How far back the shown start of one process may move, s: hosts calculate it from their clock. */
const START_MOVES_S = 2;

/**
 * Whether the metrics of an API server come now from one process and now from another, asked in turn on new connections. A scraper would
 * get the counters of either.
 * @param first the metrics that it has answered with already
 */
export async function hasSeveralServers(cluster: ProbedCluster, first: string, signal: AbortSignal): Promise<boolean> {
  let before = first;
  for (let asked = 1; asked < ADDRESS_METRICS_ASKED; asked++) {
    const { status = 0, body = '' } = (await askOnce(cluster, '/metrics', signal).catch(() => undefined)) ?? {};
    signal.throwIfAborted();
    if (status !== 200) continue;
    const moved = Math.abs(valueIn(body, START) - valueIn(before, START));
    if (moved > START_MOVES_S || GROWING.some((name) => valueIn(body, name) < valueIn(before, name))) return true;
    before = body;
  }
  return false;
}

/** The value of a metric without labels; NaN where there is none, which compares as neither more nor less. */
function valueIn(metrics: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1] ?? NaN);
}
