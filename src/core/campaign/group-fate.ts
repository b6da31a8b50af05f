import { GROUP_UNLISTED_MS, OBSERVER_GRACE_MS } from '../plan/limits.ts';
import type { HostedGroup } from './host-list.ts';

/** What a host knows about a group of its own. */
export interface OwnGroup {
  readonly group: string;
  readonly host: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

/** What was seen of the group's campaign. */
export type CampaignSeen =
  /** Temporal cannot be reached, or a run that goes on cannot say which campaign it is. */
  | { readonly kind: 'unknown' }
  /** Temporal answers, and has no workflow of this id: another server had it, or its history has been deleted. */
  | { readonly kind: 'not-found' }
  /** The workflow has ended. `by-itself`: no activity of it runs any more. */
  | { readonly kind: 'closed'; readonly how: 'by-itself' | 'from-outside'; readonly atMs: number }
  /** It runs. Without groups no worker answers for it, or its worker's version does not report them. */
  | { readonly kind: 'running'; readonly groups: readonly HostedGroup[] | undefined };

/**
 * Why nothing needs a group on its host any more; undefined while something may. Where Temporal could not be asked, something may:
 * a host must not remove what a campaign still uses. Where only the campaign does not answer, the group's expiry decides.
 */
export function whyAbandoned(own: OwnGroup, seen: CampaignSeen, nowMs: number): string | undefined {
  const hasExpired = nowMs >= own.expiresAtMs;
  if (seen.kind === 'unknown') return undefined;
  if (seen.kind === 'closed') return 'its campaign has ended';
  if (seen.kind === 'not-found' || seen.groups === undefined)
    return hasExpired ? 'its lease has expired, and nothing answers for its campaign' : undefined;
  const line = seen.groups.find(({ group, host }) => group === own.group && host === own.host);
  if (line !== undefined) {
    if (line.state === 'moved') return 'its clusters have moved to other hosts';
    return line.state === 'removed' ? 'it was torn down, and something was left' : undefined;
  }
  if (seen.groups.some(({ group }) => group === own.group)) return 'another host has the group';
  // Between the answer of this host and the campaign's record of it.
  return nowMs - own.createdAtMs > GROUP_UNLISTED_MS ? 'its campaign does not know it' : undefined;
}

/**
 * When the lease of a group expires that its campaign was seen to need, ms since 1970. A group may have nothing to do for long,
 * while another one holds, or repeats a stage.
 */
export function renewedExpiryMs(own: OwnGroup, seen: CampaignSeen, nowMs: number): number {
  const isListed =
    seen.kind === 'running' &&
    seen.groups?.some(({ group, host }) => group === own.group && host === own.host) === true;
  if (!isListed || whyAbandoned(own, seen, nowMs) !== undefined) return own.expiresAtMs;
  // Not at every look: it is written down.
  return own.expiresAtMs - nowMs < OBSERVER_GRACE_MS / 2 ? nowMs + OBSERVER_GRACE_MS : own.expiresAtMs;
}
