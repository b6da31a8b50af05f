import { appendInfrastructureEvent } from '../../host/infrastructure-events.ts';
import { readLedger, recordCluster, type ClusterRecord, type Ledger } from '../../host/ledger.ts';
import { renewTarget } from '../../kube/target-lease.ts';
import { withCluster } from '../../kube/with-cluster.ts';
import { LEASE_RENEW_LIMIT_MS } from '../../../core/plan/limits.ts';
import { tenantOf } from './tenant.ts';

/**
 * Renews the leases of a campaign's borrowed clusters on this host, side by side, each within `LEASE_RENEW_LIMIT_MS`. One that another
 * campaign has is put on record in the ledger (`lostTo`) and in the evidence.
 * @param onFailure called with each that could not be asked; the others are renewed all the same
 */
export async function renewLeases(
  ledger: Ledger,
  outer: AbortSignal,
  onFailure: (cluster: ClusterRecord, cause: unknown) => void,
): Promise<void> {
  await Promise.all(
    ledger.clusters
      .filter(({ leased }) => leased === true)
      .map(async (cluster) => {
        try {
          await renew(ledger, cluster, outer);
        } catch (cause) {
          onFailure(cluster, cause);
        }
      }),
  );
}

async function renew(ledger: Ledger, cluster: ClusterRecord, outer: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([outer, AbortSignal.timeout(LEASE_RENEW_LIMIT_MS)]);
  const lostTo = await withCluster(cluster, (client) =>
    renewTarget(client, tenantOf(ledger, cluster.leaseLink ?? ''), { signal, budgetMs: LEASE_RENEW_LIMIT_MS }),
  );
  const now = readLedger(ledger.slug)?.clusters.find(({ name }) => name === cluster.name);
  if (lostTo === undefined || now?.leased !== true) return;
  recordCluster(ledger.slug, { ...now, leased: false, lostTo });
  appendInfrastructureEvent({
    campaign: ledger.campaign,
    atMs: Date.now(),
    cluster: cluster.name,
    component: 'lease',
    what: 'gave-up',
    gapStartMs: Date.now(),
    detail: `the lease of context ${cluster.context} was not renewed in time, and campaign ${lostTo} has it now`,
  });
}
