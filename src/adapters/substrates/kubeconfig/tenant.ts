import type { Ledger } from '../../host/ledger.ts';
import type { Tenant } from '../../kube/target-lease.ts';

/** A campaign as the holder of the leases of its borrowed clusters. */
export function tenantOf(ledger: Ledger, link: string): Tenant {
  const { campaign, slug, workflowId, expiresAtMs, keptUntilMs = 0 } = ledger;
  return { campaign, slug, workflowId, link, endsAtMs: Math.max(expiresAtMs, keptUntilMs) };
}
