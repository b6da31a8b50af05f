import { writeLedger } from '../../src/adapters/host/ledger.ts';
import type { ClusterRecord } from '../../src/adapters/host/ledger.ts';

/** Puts a campaign with one cluster on the ledger, as `provision` leaves it. */
export function onLedger(
  slug: string,
  campaign: string,
  cluster: Pick<ClusterRecord, 'name' | 'kubeconfigPath' | 'owned'>,
): void {
  writeLedger({
    campaign,
    slug,
    workflowId: '',
    runId: '',
    createdAtMs: Date.now(),
    expiresAtMs: Date.now() + 600_000,
    clusters: [{ index: 0, context: '', uid: 'u', ...cluster }],
    processes: [],
  });
}
