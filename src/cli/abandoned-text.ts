import type { Client } from '@temporalio/client';
import { findAbandoned, type FoundCampaign } from '../adapters/temporal/abandoned-campaigns.ts';
import { momentText } from '../core/text/time.ts';

/** What hosts cost, for people. */
export function priceText(usdPerHour: number | undefined): string {
  return usdPerHour === undefined ? 'cost unknown' : `${Number(usdPerHour.toFixed(2))} USD an hour`;
}

/** An abandoned campaign of this host in one line. */
export function abandonedText({ ledger, abandonment, usdPerHour }: FoundCampaign): string {
  const { workflowId, clusters } = ledger;
  const what = `${workflowId} (clusters: ${clusters.length}, ${priceText(usdPerHour)})`;
  if (abandonment.abandoned !== 'yes') return `${what}: ${abandonment.why}`;
  const { sinceMs, why, keptUntilMs } = abandonment;
  const kept = keptUntilMs === undefined ? '' : `, kept until ${momentText(keptUntilMs)}`;
  return `${what}: abandoned since ${momentText(sinceMs)}, ${why}${kept}`;
}

/** What abandoned campaigns left on this host, for `belay status`; empty if there is nothing. */
export async function abandonedHere(client: Client | undefined): Promise<string> {
  const found = await findAbandoned(client);
  if (found.length === 0) return '';
  return [
    'Left on this host ("./belay sweep" removes what is abandoned):',
    ...found.map((each) => `  ${abandonedText(each)}`),
  ].join('\n');
}
