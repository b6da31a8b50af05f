import type { Client, WorkflowService } from '@temporalio/client';
import {
  hostList,
  parseHostedGroups,
  type HostedGroup,
  type HostLine,
  type Poller,
} from '../../core/campaign/host-list.ts';
import { QUERIES_AT_ONCE, STATUS_ANSWER_MS } from '../../core/plan/limits.ts';
import { allAtOnce } from '../host/at-once.ts';
import { hostName } from '../host/host-queues.ts';
import { SHARED_QUEUE } from '../../core/model/host-queues.ts';
import { ledgersHere } from '../host/ledger.ts';
import { runningCampaigns } from './running-campaigns.ts';

/**
 * What a server is asked: who polls for workflows (1) and activities (2), in the mode (1) in which it answers for all parts of a
 * queue. A worker may poll only some of the parts at a moment.
 */
const ALL_POLLERS: object = {
  taskQueueTypes: [1, 2],
  apiMode: 1,
  versions: { unversioned: true },
  reportPollers: true,
};

type Description = Awaited<ReturnType<WorkflowService['describeTaskQueue']>>;
type DescriptionRequest = Parameters<WorkflowService['describeTaskQueue']>[0];

/**
 * All hosts whose workers serve the client's Temporal, on any machine, with the groups that running campaigns have on them. The
 * server remembers a worker for some minutes after its last poll, and knows each poll to about a minute. A campaign that no worker
 * answers for is left out.
 */
export async function listHosts(client: Client): Promise<readonly HostLine[]> {
  const groups = await groupsOfCampaigns(client);
  return hostList(await pollersOf(client), [...groups, ...ofThisHost(groups)]);
}

/** Names of the hosts whose workers serve the client's Temporal. */
export async function servingHosts(client: Client): Promise<readonly string[]> {
  return hostList(await pollersOf(client), []).map(({ host }) => host);
}

/** Who polls the queue that every worker serves. */
async function pollersOf({ workflowService, options: { namespace } }: Client): Promise<readonly Poller[]> {
  const request: DescriptionRequest = { namespace, taskQueue: { name: SHARED_QUEUE }, ...ALL_POLLERS };
  const { versionsInfo } = await workflowService.describeTaskQueue(request);
  return Object.values(versionsInfo ?? {})
    .flatMap(({ typesInfo }) => Object.values(typesInfo ?? {}))
    .flatMap(({ pollers }) => pollers ?? [])
    .map(pollerOf);
}

function pollerOf({ identity, lastAccessTime }: NonNullable<Description['pollers']>[number]): Poller {
  const { seconds, nanos } = lastAccessTime ?? {};
  return { identity: identity ?? '', lastMs: Number(seconds ?? 0) * 1_000 + Math.round((nanos ?? 0) / 1e6) };
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
  return ledgersHere().flatMap((ledger) => {
    if (Date.now() >= ledger.expiresAtMs) return [];
    if (known.some((group) => group.host === host && group.campaign === ledger.workflowId)) return [];
    const clusters = Math.max(ledger.leasedClusters ?? 0, ledger.clusters.filter(({ owned }) => owned).length);
    const state = ledger.closing === true ? 'closing' : 'running';
    return [{ campaign: ledger.workflowId, group: ledger.group?.name ?? 'g0', host, clusters, state }];
  });
}
