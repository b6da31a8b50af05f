import type { Client } from '@temporalio/client';
import { giveBackForTeardown, tightDiskOf } from '../adapters/host/campaign-disks.ts';
import { ledgerSlugs, readLedger, type Ledger } from '../adapters/host/ledger.ts';
import { pause } from '../adapters/host/poll-until.ts';
import { connectClient } from '../adapters/temporal/client.ts';
import type { CampaignStatus } from '../core/campaign/stage-io.ts';
import { DISK_CHECK_MS, STATUS_ANSWER_MS } from '../core/plan/limits.ts';

interface DiskKeeperOptions {
  readonly log: { warn(fields: object, message: string): void };
  /** Ends the keeper. */
  readonly signal: AbortSignal;
}

/**
 * Watches the disks of this host's campaigns. Where one is almost full, it gives back what was set aside, because Temporal may keep its
 * database there, and ends a hold, in which clusters and Prometheus would go on writing. A stage that runs stops by itself.
 * @returns when the signal is aborted
 */
export async function keepDisks({ log, signal }: DiskKeeperOptions): Promise<void> {
  const said = new Set<string>();
  while (!signal.aborted) {
    for (const { ledger, tight } of tightCampaigns()) {
      const { slug, campaign } = ledger;
      if (!said.has(slug)) log.warn({ campaign }, `a disk is almost full: ${tight}`);
      said.add(slug);
      try {
        giveBackForTeardown(ledger);
        await endHold(ledger, tight);
      } catch (cause) {
        if (!signal.aborted) log.warn({ campaign, err: cause }, 'a hold on a full disk could not be ended');
      }
    }
    await pause(DISK_CHECK_MS, signal).catch(() => undefined);
  }
}

function tightCampaigns(): readonly { readonly ledger: Ledger; readonly tight: string }[] {
  return ledgerSlugs().flatMap((slug) => {
    try {
      const ledger = readLedger(slug);
      if (ledger === undefined || ledger.closing === true || ledger.abandoned === true) return [];
      const tight = tightDiskOf(ledger);
      return tight === undefined ? [] : [{ ledger, tight }];
    } catch {
      // It is removed at this moment, or cannot be read: others say so.
      return [];
    }
  });
}

async function endHold({ workflowId }: Ledger, reason: string): Promise<void> {
  const client: Client = await connectClient();
  try {
    const handle = client.workflow.getHandle(workflowId);
    await client.withDeadline(Date.now() + STATUS_ANSWER_MS, async () => {
      const { state } = await handle.query<CampaignStatus>('status');
      if (state.hold === null) return;
      const { stage, execution } = state.hold;
      await handle.executeUpdate('decide', { args: [{ stage, execution, decision: 'abort', reason }] });
    });
  } finally {
    await client.connection.close();
  }
}
