import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import type { CampaignSeen } from '../../core/campaign/group-fate.ts';
import { parseHostedGroups } from '../../core/campaign/host-list.ts';
import { STATUS_ANSWER_MS } from '../../core/plan/limits.ts';
import type { Ledger } from '../host/ledger.ts';
import { connectClient } from './client.ts';

const BY_ITSELF: readonly string[] = ['COMPLETED', 'FAILED', 'CANCELLED'];
const FROM_OUTSIDE: readonly string[] = ['TERMINATED', 'TIMED_OUT'];
const UNKNOWN: CampaignSeen = { kind: 'unknown' };

/** Sees how the campaigns of this host's ledgers are. It connects when it is first asked, and again after a failure. */
export class CampaignEyes {
  #client: Client | undefined;

  /** @returns unknown when Temporal does not answer */
  async see(ledger: CampaignRun): Promise<CampaignSeen> {
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

/** The run of a campaign, as a ledger has it. */
type CampaignRun = Pick<Ledger, 'campaign' | 'workflowId' | 'runId' | 'group'>;

/**
 * Sees how a campaign is. A run that was reset in the Temporal UI goes on as another run of the same workflow, with the same
 * campaign: its own run has ended then, and the campaign has not.
 * @throws Error when Temporal does not answer
 */
export async function seeCampaign(client: Client, run: CampaignRun): Promise<CampaignSeen> {
  const { campaign, workflowId, runId } = run;
  const handle = client.workflow.getHandle(workflowId);
  const latest = await describe(client, workflowId);
  if (latest === undefined) return { kind: 'not-found' };
  const isOwn = latest.runId === runId;
  if (latest.status.name === 'RUNNING') {
    // Only groups need an answer of the campaign itself, and that of a worker which serves it.
    if (isOwn && run.group === undefined) return { kind: 'running', groups: undefined };
    let status: unknown;
    try {
      status = await client.withDeadline(Date.now() + STATUS_ANSWER_MS, () => handle.query<unknown>('status'));
    } catch {
      return isOwn ? { kind: 'running', groups: undefined } : UNKNOWN;
    }
    if ((status as { readonly campaign?: unknown } | null)?.campaign === campaign)
      return { kind: 'running', groups: parseHostedGroups(workflowId, status) };
    if (isOwn) return { kind: 'running', groups: undefined };
  }
  const own = isOwn ? latest : await describe(client, workflowId, runId);
  return own === undefined ? { kind: 'not-found' } : closedOrUnknown(own);
}

function closedOrUnknown({ status: { name }, closeTime }: WorkflowExecutionDescription): CampaignSeen {
  const how = BY_ITSELF.includes(name) ? 'by-itself' : FROM_OUTSIDE.includes(name) ? 'from-outside' : undefined;
  return how === undefined || closeTime === undefined ? UNKNOWN : { kind: 'closed', how, atMs: closeTime.getTime() };
}

async function describe(
  client: Client,
  workflowId: string,
  runId?: string,
): Promise<WorkflowExecutionDescription | undefined> {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}
