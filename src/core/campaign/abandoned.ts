import { TERMINATED_GRACE_MS } from '../plan/limits.ts';
import { momentText } from '../text/time.ts';
import { whyAbandoned, type CampaignSeen, type OwnGroup } from './group-fate.ts';

/** What a host's ledger says about a campaign. */
export interface Belongings extends Omit<OwnGroup, 'group'> {
  /** Absent: all clusters of the campaign are on one host. */
  readonly group?: string;
  /** A user keeps it until this moment. */
  readonly keptUntilMs?: number;
}

/** Whether a campaign is abandoned: nothing will ever remove what it has, but a sweep. */
export type Abandonment =
  | { readonly abandoned: 'no' }
  /** It was ended from outside a moment ago: from `fromMs` on nothing of it runs any more. */
  | { readonly abandoned: 'soon'; readonly why: string; readonly fromMs: number }
  /** Temporal could not be asked, or does not know the campaign before its expiry. Nothing is removed then. */
  | { readonly abandoned: 'unknown'; readonly why: string }
  | {
      readonly abandoned: 'yes';
      readonly why: string;
      readonly sinceMs: number;
      /** It stays until then, because a user keeps it. */
      readonly keptUntilMs?: number;
    };

const NO: Abandonment = { abandoned: 'no' };

/**
 * Decides whether a campaign has abandoned what it has on a host. `closed` is what Temporal says, so that a clock that is wrong
 * delays a sweep and causes none. A campaign that runs is never abandoned, whatever its expiry says.
 */
export function isAbandoned(own: Belongings, seen: CampaignSeen, nowMs: number): Abandonment {
  switch (seen.kind) {
    case 'unknown':
      return { abandoned: 'unknown', why: 'Temporal does not say whether it runs' };
    case 'closed':
      // An activity of a terminated workflow goes on until its next heartbeat is answered, and may create things.
      if (seen.how === 'from-outside' && nowMs - seen.atMs < TERMINATED_GRACE_MS) {
        const fromMs = seen.atMs + TERMINATED_GRACE_MS;
        const why = `its workflow was ended from outside a moment ago: its last stage may run until ${momentText(fromMs)}`;
        return { abandoned: 'soon', why, fromMs };
      }
      return yes(own, 'its workflow has ended', seen.atMs, nowMs);
    case 'not-found':
      if (nowMs < own.expiresAtMs) {
        const expiry = momentText(own.expiresAtMs);
        return {
          abandoned: 'unknown',
          why: `Temporal does not know its workflow; it counts as abandoned after ${expiry}`,
        };
      }
      return yes(own, 'Temporal does not know its workflow, and it has expired', own.expiresAtMs, nowMs);
    case 'running': {
      const { group, ...rest } = own;
      const why = group === undefined ? undefined : whyAbandoned({ ...rest, group }, seen, nowMs);
      return why === undefined ? NO : yes(own, why, nowMs, nowMs);
    }
  }
}

function yes({ keptUntilMs = 0 }: Belongings, why: string, sinceMs: number, nowMs: number): Abandonment {
  return { abandoned: 'yes', why, sinceMs, ...(nowMs < keptUntilMs ? { keptUntilMs } : {}) };
}
