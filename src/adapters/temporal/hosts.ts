import type { Client } from '@temporalio/client';
import {
  hostList,
  parseHostedGroups,
  type HostedGroup,
  type HostLine,
  type Poller,
} from '../../core/campaign/host-list.ts';
import { QUERIES_AT_ONCE, STATUS_ANSWER_MS } from '../../core/plan/limits.ts';
import { allAtOnce } from '../host/at-once.ts';
import { hostName, SHARED_QUEUE } from '../host/host-queues.ts';
import { ledgerSlugs, readLedger } from '../host/ledger.ts';
import { runningCampaigns } from './running-campaigns.ts';

/**
 * All hosts whose workers serve the client's Temporal, on any machine, with the groups that running campaigns have on them. The
 * server remembers a worker for some minutes after its last poll, and knows each poll to about a minute. A campaign that no worker
 * answers for is left out.
 */
export async function listHosts(client: Client): Promise<readonly HostLine[]> {
  const found = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: SHARED_QUEUE },
  });
  const pollers = (found.pollers ?? []).map(({ identity, lastAccessTime }): Poller => ({
    identity: identity ?? '',
    lastMs: Number(lastAccessTime?.seconds ?? 0) * 1_000 + Math.round((lastAccessTime?.nanos ?? 0) / 1e6),
  }));
  const groups = await groupsOfCampaigns(client);
  return hostList(pollers, [...groups, ...ofThisHost(groups)]);
}

async function groupsOfCampaigns(client: Client): Promise<readonly HostedGroup[]> {
  const campaigns = (await runningCampaigns(client)).filter(({ type }) => type === 'campaign');
  const never = new AbortController().signal;
  const answers = await allAtOnce(campaigns, { atOnce: QUERIES_AT_ONCE, signal: never }, async (campaign) => {
    const { workflowId, runId } = campaign;
    try {
      const handle = client.workflow.getHandle(workflowId, runId);
      const status = await client.withDeadline(Date.now() + STATUS_ANSWER_MS, () => handle.query<unknown>('status'));
      return parseHostedGroups(workflowId, status) ?? [];
    } catch {
      return [];
    }
  });
  return answers.flat();
}

/** Campaigns of one host report no groups. Those of this host are in its ledgers. */
function ofThisHost(known: readonly HostedGroup[]): readonly HostedGroup[] {
  const host = hostName();
  return ledgerSlugs().flatMap((slug) => {
    const ledger = readLedger(slug);
    if (ledger === undefined || Date.now() >= ledger.expiresAtMs) return [];
    if (known.some((group) => group.host === host && group.campaign === ledger.workflowId)) return [];
    const clusters = Math.max(ledger.leasedClusters ?? 0, ledger.clusters.filter(({ owned }) => owned).length);
    const state = ledger.closing === true ? 'closing' : 'running';
    return [{ campaign: ledger.workflowId, group: ledger.group?.name ?? 'g0', host, clusters, state }];
  });
}
