import type { Client } from '@temporalio/client';
import { isAbandoned, type Abandonment } from '../../core/campaign/abandoned.ts';
import type { CampaignSeen } from '../../core/campaign/group-fate.ts';
import { hostsNeeded } from '../../core/plan/cost.ts';
import { specBesideLedger } from '../evidence/spec-store.ts';
import { hostName } from '../host/host-queues.ts';
import { messageOf } from '../../core/text/message-of.ts';
import { campaignFolder, ledgersHere, type Ledger } from '../host/ledger.ts';
import { seeCampaign } from './campaign-seen.ts';

/** A campaign of this host that is abandoned, or of which it is not known. */
export interface FoundCampaign {
  readonly ledger: Ledger;
  readonly abandonment: Exclude<Abandonment, { readonly abandoned: 'no' }>;
  /** What its hosts cost, in US dollars; undefined where its specification cannot be read. */
  readonly usdPerHour: number | undefined;
}

/** Whether a campaign has abandoned what it has on this host. */
export function abandonmentOf(ledger: Ledger, seen: CampaignSeen, nowMs: number): Abandonment {
  const { createdAtMs, expiresAtMs, keptUntilMs, group } = ledger;
  return isAbandoned(
    {
      host: hostName(),
      createdAtMs,
      expiresAtMs,
      ...(group === undefined ? {} : { group: group.name }),
      ...(keptUntilMs === undefined ? {} : { keptUntilMs }),
    },
    seen,
    nowMs,
  );
}

/**
 * The campaigns of this host's ledgers that are abandoned, or of which it is not known.
 * @param client undefined where no Temporal can be reached: nothing is known then
 */
export async function findAbandoned(client: Client | undefined): Promise<readonly FoundCampaign[]> {
  const found: FoundCampaign[] = [];
  const ledgers = ledgersHere((slug, cause) => found.push(unreadable(slug, cause)));
  for (const ledger of ledgers) {
    const seen = await seeOrUnknown(client, ledger);
    const abandonment = abandonmentOf(ledger, seen, Date.now());
    if (abandonment.abandoned !== 'no') found.push({ ledger, abandonment, usdPerHour: usdPerHourOf(ledger) });
  }
  return found;
}

/** What cannot be removed, because the record of it is damaged: a person has to look at it. */
function unreadable(slug: string, cause: unknown): FoundCampaign {
  const nothing = { createdAtMs: 0, expiresAtMs: 0, clusters: [], processes: [] };
  const why = `its ledger cannot be read (${messageOf(cause)}): end what runs for ${campaignFolder(slug)}, and remove that folder`;
  return {
    ledger: { campaign: slug, slug, workflowId: slug, runId: '', ...nothing },
    abandonment: { abandoned: 'unknown', why },
    usdPerHour: undefined,
  };
}

async function seeOrUnknown(client: Client | undefined, ledger: Ledger): Promise<CampaignSeen> {
  try {
    return client === undefined ? { kind: 'unknown' } : await seeCampaign(client, ledger);
  } catch {
    return { kind: 'unknown' };
  }
}

/** What the hosts of a campaign's clusters on this host cost, by its substrate. */
function usdPerHourOf({ slug, clusters }: Ledger): number | undefined {
  try {
    const substrate = specBesideLedger(slug)?.substrate;
    if (substrate === undefined) return undefined;
    return hostsNeeded(clusters.length, substrate) * substrate.costEstimate.perHostUsdPerHour;
  } catch {
    return undefined;
  }
}
