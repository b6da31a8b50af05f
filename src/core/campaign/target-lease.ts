import { momentText } from '../text/time.ts';

/** The lease of a cluster, as its holder has written it. */
export interface TargetLease {
  /** Who has it; empty when it was given back. */
  readonly holder: string;
  /** For people: the holder's workflow, its page, and when it ends at the latest. */
  readonly workflowId: string;
  readonly link: string;
  readonly endsAt: string;
  readonly durationMs: number;
  /** When it was renewed, by the holder's clock. */
  readonly renewTime: string;
}

/** What was seen of a lease before: since when its time of renewal has not changed, by the clock of who looks. */
export interface Observed {
  readonly renewTime: string;
  readonly sinceMs: number;
}

/**
 * What a campaign may do with the lease of a cluster.
 * - `create`, `take`: no campaign has it.
 * - `renew`: it is the campaign's own.
 * - `observe`: it looks expired. It is, if it is not renewed while it is observed.
 * - `held`: another campaign has it.
 */
export type LeaseMove = 'create' | 'take' | 'renew' | 'observe' | 'held';

/**
 * Decides about the lease of a cluster. A lease is taken from its holder only after its whole duration has passed, by one's own
 * clock, without a renewal: the clocks of two hosts may be apart. The holder's clock only decides whether to look that long.
 *
 * @param nowMs by the clock that `observed` is of
 * @param wallMs time of day here
 */
export function leaseMove(
  own: string,
  lease: TargetLease | undefined,
  observed: Observed | undefined,
  { nowMs, wallMs }: { readonly nowMs: number; readonly wallMs: number },
): LeaseMove {
  if (lease === undefined) return 'create';
  if (lease.holder === own) return 'renew';
  if (lease.holder === '') return 'take';
  if (observed?.renewTime === lease.renewTime)
    return nowMs - observed.sinceMs >= lease.durationMs ? 'take' : looksRenewed(lease, wallMs) ? 'held' : 'observe';
  // It has changed while it was observed: somebody renews it.
  if (observed !== undefined) return 'held';
  return looksRenewed(lease, wallMs) ? 'held' : 'observe';
}

function looksRenewed({ renewTime, durationMs }: TargetLease, wallMs: number): boolean {
  const renewedMs = Date.parse(renewTime);
  return Number.isFinite(renewedMs) && Math.abs(wallMs - renewedMs) <= durationMs;
}

/** Why a campaign is refused, in words. */
export function heldSentence(target: string, { holder, workflowId, link, endsAt }: TargetLease): string {
  const endsMs = Date.parse(endsAt);
  const until = Number.isFinite(endsMs) ? `, which ends by ${momentText(endsMs)}` : '';
  const page = link === '' ? '' : `, ${link}`;
  return (
    `${target} is in use by campaign ${workflowId === '' ? holder : workflowId}${until}${page}; ` +
    `"--wait 30m" waits for it, and "./belay abort" on its host ends it`
  );
}
