import { join } from 'node:path';
import { stateFolder } from '../adapters/host/folders.ts';
import { appendInfrastructureEvent } from '../adapters/host/infrastructure-events.ts';
import { ledgersHere, readLedger, recordCluster, type ClusterRecord, type Ledger } from '../adapters/host/ledger.ts';
import { pause } from '../adapters/host/poll-until.ts';
import { tryProcessLock, type ProcessLock } from '../adapters/host/process-lock.ts';
import { renewTarget } from '../adapters/kube/target-lease.ts';
import { withCluster } from '../adapters/kube/with-cluster.ts';
import { tenantOf } from '../adapters/substrates/kubeconfig/tenant.ts';
import { LEASE_RENEW_LIMIT_MS, LEASE_RENEW_MS } from '../core/plan/limits.ts';

interface LeaseKeeperOptions {
  readonly log: { warn(fields: object, message: string): void };
  /** Ends the keeper. The leases expire by themselves then, unless another worker renews them. */
  readonly signal: AbortSignal;
}

/**
 * Renews the leases of the borrowed clusters of this host's campaigns, except of those that are abandoned. Of the workers of a state
 * folder one does it.
 * @returns when the signal is aborted
 */
export async function keepLeases({ log, signal }: LeaseKeeperOptions): Promise<void> {
  const path = join(stateFolder(), 'lease-keeper.lock');
  let lock: ProcessLock | undefined;
  while (!signal.aborted) {
    if (lock?.isHeld() !== true) lock = tryProcessLock(path);
    if (lock !== undefined) await renewAll(log, signal);
    await pause(LEASE_RENEW_MS, signal).catch(() => undefined);
  }
  lock?.release();
}

/** Renews all leases once, side by side. One that cannot be renewed does not keep the others. */
async function renewAll(log: LeaseKeeperOptions['log'], signal: AbortSignal): Promise<void> {
  const due = ledgersHere()
    .filter(({ abandoned }) => abandoned !== true)
    .flatMap((ledger) => ledger.clusters.map((cluster) => ({ ledger, cluster })))
    .filter(({ cluster }) => cluster.leased === true);
  await Promise.all(
    due.map(async ({ ledger, cluster }) => {
      try {
        await renew(ledger, cluster, signal);
      } catch (cause) {
        if (!signal.aborted)
          log.warn({ campaign: ledger.campaign, cluster: cluster.name, err: cause }, 'a lease was not renewed');
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
