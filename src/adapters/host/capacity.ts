import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { memoryInWords, usedInWords } from '../../core/campaign/host-full.ts';
import type { GroupPlacement } from '../../core/campaign/placement.ts';
import { LEDGER_LOCK_MS } from '../../core/plan/limits.ts';
import { gigabytesInWords } from '../../core/text/gigabytes.ts';
import { stateFolder } from './folders.ts';
import { hostRoom } from './host-room.ts';
import { ledgersHere, openLedger, readLedger, removeCampaignFolder, updateLedger, type Ledger } from './ledger.ts';
import { withProcessLockSync } from './process-lock.ts';

/** Why a host takes no second group of the campaign that it leads. */
export const IS_LEAD = 'it is the lead';
const IS_OTHERS = 'it has another campaign with this name or slug';
const IS_WHOLE = 'it has clusters of this campaign that are in no group';
const HAS_OTHER_LEAD = 'it has this group with another lead, or with other clusters';

/** Capacity that a campaign asks of this host. */
export interface LeaseRequest {
  readonly campaign: string;
  readonly slug: string;
  readonly workflowId: string;
  readonly runId: string;
  /** Name of the group that the capacity is for. */
  readonly group: string;
  readonly wanted: number;
  /** Memory that one cluster needs. Absent or 0: it is not known, and the number of clusters alone counts. */
  readonly clusterBytes?: number;
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
 * Leases capacity of this host to a campaign, in the campaign's ledger, until the ledger is removed or expires: as many clusters as
 * the host takes, and as its memory suffices for. The same request again gets the same answer. Of all workers of this host one at a
 * time leases.
 * @param capacity clusters that this host takes
 * @param freeBytes memory that a campaign can get
 */
export function leaseCapacity(request: LeaseRequest, capacity: number, freeBytes = freeFor): LeaseAnswer {
  return onlyOne(() => {
    const nowMs = Date.now();
    const present = readLedger(request.slug);
    if (isOfAnother(request, present)) return { ok: false, why: IS_OTHERS };
    if (present?.leasedClusters !== undefined) return leasedAlready(present, request, nowMs);
    if (present !== undefined && hasMadeSomething(present)) return { ok: false, why: IS_WHOLE };
    const used = usedCapacity(nowMs, request.slug);
    const { clusterBytes = 0, wanted } = request;
    const free = clusterBytes === 0 ? Infinity : freeBytes(request.slug);
    const byMemory = clusterBytes === 0 ? Infinity : Math.floor(free / clusterBytes);
    const clusterCount = Math.min(wanted, Math.max(0, capacity - used), byMemory);
    if (clusterCount === 0 && !request.mayBeNone)
      return { ok: false, why: used < capacity ? memoryInWords(free, clusterBytes) : usedInWords(used, capacity) };
    const lease = {
      leasedClusters: clusterCount,
      reservedBytes: clusterCount * clusterBytes,
      ...(request.placed === undefined ? {} : { group: request.placed(clusterCount) }),
    };
    if (present === undefined) openLedger({ ...firstLedger(request, nowMs), ...lease });
    else updateLedger(request.slug, (ledger) => ({ ...ledger, ...lease }));
    return { ok: true, clusterCount };
  });
}

/**
 * Writes the ledger of a campaign whose clusters are all on this host, unless it exists. Of two campaigns that begin at once, and fit
 * only alone, one is refused.
 * @throws Error when the memory that it reserves is not free, with the figures
 */
export function openReservedLedger(ledger: Ledger, freeBytes = freeFor): void {
  onlyOne(() => {
    if (readLedger(ledger.slug) !== undefined) return;
    const { reservedBytes = 0 } = ledger;
    const free = reservedBytes === 0 ? Infinity : freeBytes(ledger.slug);
    if (reservedBytes > free)
      throw new Error(
        `its clusters need about ${gigabytesInWords(reservedBytes)} of memory, and ${gigabytesInWords(free)} of this host are free`,
      );
    openLedger(ledger);
  });
}

/** Of all workers of this host one at a time reserves. */
function onlyOne<T>(work: () => T): T {
  return withProcessLockSync(join(stateFolder(), 'locks', 'capacity'), LEDGER_LOCK_MS, work);
}

/** Memory that a campaign can get now. */
function freeFor(slug: string): number {
  return hostRoom(slug).freeBytes;
}

/** Clusters that campaigns may use on this host now, or have on it. What has expired does not count. */
export function usedCapacity(nowMs: number, exceptSlug?: string): number {
  return ledgersHere()
    .filter(({ slug }) => slug !== exceptSlug)
    .reduce((sum, ledger) => sum + (hasExpired(ledger, nowMs) ? 0 : clustersOf(ledger)), 0);
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
  const placed = request.placed?.(leasedClusters);
  if (group !== undefined && placed !== undefined && !isDeepStrictEqual(group, placed))
    return { ok: false, why: HAS_OTHER_LEAD };
  return { ok: true, clusterCount: leasedClusters };
}

/** Any client may ask, for any slug: what a host has of one campaign is not changed in the name of another one. */
function isOfAnother({ campaign, slug, workflowId }: LeaseRequest, present: Ledger | undefined): boolean {
  if (present !== undefined) return present.campaign !== campaign || present.workflowId !== workflowId;
  return ledgersHere().some((other) => other.slug !== slug && other.campaign === campaign);
}

function hasMadeSomething({ clusters, processes }: Ledger): boolean {
  return clusters.length > 0 || processes.length > 0;
}

/** Gives a lease back: removes the campaign's folder, unless something was made. Without its ledger nothing would remove that. */
export function releaseLease(slug: string): void {
  onlyOne(() => {
    const present = readLedger(slug);
    if (present !== undefined && !hasMadeSomething(present)) removeCampaignFolder(slug);
  });
}

function hasExpired({ expiresAtMs }: Ledger, nowMs: number): boolean {
  return nowMs >= expiresAtMs;
}

function firstLedger({ campaign, slug, workflowId, runId, expiresAtMs }: LeaseRequest, nowMs: number): Ledger {
  return { campaign, slug, workflowId, runId, createdAtMs: nowMs, expiresAtMs, clusters: [], processes: [] };
}
