import { join } from 'node:path';
import { usedInWords } from '../../core/campaign/host-full.ts';
import type { GroupPlacement } from '../../core/campaign/placement.ts';
import { LEDGER_LOCK_MS } from '../../core/plan/limits.ts';
import { stateFolder } from './folders.ts';
import { ledgerSlugs, openLedger, readLedger, updateLedger, type Ledger } from './ledger.ts';
import { withProcessLockSync } from './process-lock.ts';

/** Why a host takes no second group of the campaign that it leads. */
export const IS_LEAD = 'it is the lead';

/** Capacity that a campaign asks of this host. */
export interface LeaseRequest {
  readonly campaign: string;
  readonly slug: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Name of the group that the capacity is for. */
  readonly group: string;
  readonly wanted: number;
  readonly expiresAtMs: number;
  /** The lead keeps the campaign's Prometheus also when it has no capacity for clusters. */
  readonly mayBeNone: boolean;
  /** What the ledger says about the group; absent where that is known later. */
  readonly placed?: (clusterCount: number) => GroupPlacement;
}

/** A lease, or why this host has none to give. */
export type LeaseAnswer =
  { readonly ok: true; readonly clusterCount: number } | { readonly ok: false; readonly why: string };

/**
 * Leases capacity of this host to a campaign, in the campaign's ledger, until the ledger is removed or expires. The same request
 * again gets the same answer. Of all workers of this host one at a time leases.
 * @param capacity clusters that this host takes
 */
export function leaseCapacity(request: LeaseRequest, capacity: number): LeaseAnswer {
  return withProcessLockSync(join(stateFolder(), 'locks', 'capacity'), LEDGER_LOCK_MS, () => {
    const nowMs = Date.now();
    const present = readLedger(request.slug);
    if (present?.leasedClusters !== undefined) return leasedAlready(present, request, nowMs);
    const used = usedCapacity(nowMs, request.slug);
    const clusterCount = Math.min(request.wanted, Math.max(0, capacity - used));
    if (clusterCount === 0 && !request.mayBeNone) return { ok: false, why: usedInWords(used, capacity) };
    const lease = {
      leasedClusters: clusterCount,
      ...(request.placed === undefined ? {} : { group: request.placed(clusterCount) }),
    };
    if (present === undefined) openLedger({ ...firstLedger(request, nowMs), ...lease });
    else updateLedger(request.slug, (ledger) => ({ ...ledger, ...lease }));
    return { ok: true, clusterCount };
  });
}

/** Clusters that campaigns may use on this host now, or have on it. What has expired does not count. */
export function usedCapacity(nowMs: number, exceptSlug?: string): number {
  return ledgerSlugs()
    .filter((slug) => slug !== exceptSlug)
    .map((slug) => readLedger(slug))
    .reduce((sum, ledger) => sum + (ledger === undefined || hasExpired(ledger, nowMs) ? 0 : clustersOf(ledger)), 0);
}

function clustersOf({ leasedClusters = 0, clusters }: Ledger): number {
  return Math.max(leasedClusters, clusters.filter(({ owned }) => owned).length);
}

function leasedAlready(present: Ledger, request: LeaseRequest, nowMs: number): LeaseAnswer {
  const { leasedClusters = 0, group } = present;
  if (present.closing === true || hasExpired(present, nowMs))
    return { ok: false, why: 'it still cleans up an earlier group of this campaign' };
  if (group === undefined ? request.placed !== undefined : group.name !== request.group)
    return { ok: false, why: group?.lead === false ? `it has group ${group.name} of this campaign` : IS_LEAD };
  return { ok: true, clusterCount: leasedClusters };
}

function hasExpired({ expiresAtMs }: Ledger, nowMs: number): boolean {
  return nowMs >= expiresAtMs;
}

function firstLedger({ campaign, slug, workflowId, runId, expiresAtMs }: LeaseRequest, nowMs: number): Ledger {
  return { campaign, slug, workflowId, runId, createdAtMs: nowMs, expiresAtMs, clusters: [], processes: [] };
}
