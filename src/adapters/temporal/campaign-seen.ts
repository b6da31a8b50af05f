import type { Client } from '@temporalio/client';
import type { CampaignSeen } from '../../core/campaign/group-fate.ts';
import { parseHostedGroups } from '../../core/campaign/host-list.ts';
import { STATUS_ANSWER_MS } from '../../core/plan/limits.ts';
import type { Ledger } from '../host/ledger.ts';
import { connectClient } from './client.ts';

const CLOSED: readonly string[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT'];
const UNKNOWN: CampaignSeen = { kind: 'unknown' };

/** Sees how the campaigns of this host's ledgers are. It connects when it is first asked, and again after a failure. */
export class CampaignEyes {
  #client: Client | undefined;

  /** @returns unknown when Temporal or the campaign does not answer */
  async see(ledger: Ledger): Promise<CampaignSeen> {
    try {
      this.#client ??= await connectClient();
      return await seeCampaign(this.#client, ledger);
    } catch {
      await this.close();
      return UNKNOWN;
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.connection.close();
  }
}

/**
 * Sees how a campaign is. A run that was reset in the Temporal UI goes on as another run of the same workflow, with the same
 * campaign: its own run has ended then, and the campaign has not.
 */
async function seeCampaign(client: Client, ledger: Ledger): Promise<CampaignSeen> {
  const { campaign, workflowId, runId } = ledger;
  const handle = client.workflow.getHandle(workflowId);
  const latest = await handle.describe();
  if (latest.status.name === 'RUNNING') {
    const status = await client.withDeadline(Date.now() + STATUS_ANSWER_MS, () => handle.query<unknown>('status'));
    if ((status as { readonly campaign?: unknown } | null)?.campaign === campaign)
      return { kind: 'running', groups: parseHostedGroups(workflowId, status) };
    if (latest.runId === runId) return UNKNOWN;
  }
  const own = latest.runId === runId ? latest : await client.workflow.getHandle(workflowId, runId).describe();
  return CLOSED.includes(own.status.name) ? { kind: 'closed' } : UNKNOWN;
}
