import { existsSync } from 'node:fs';
import type { Logger } from 'pino';
import type { GroupPlacement } from '../core/campaign/placement.ts';
import type { CampaignSpec } from '../core/plan/spec.ts';
import { LATE_EVIDENCE_MS } from '../core/plan/limits.ts';
import { messageOf } from '../core/text/message-of.ts';
import type { bounded } from './bounded.ts';
import { logsOf, type SnapshotAdapters } from './snapshot.ts';

/** What sending evidence late works with. */
export interface LateEvidenceAdapters extends Pick<
  SnapshotAdapters,
  'readLedger' | 'clusterLogs' | 'keepHostFacts' | 'sendEvidence'
> {
  /** Whether the evidence of a member is on the lead, all of it. */
  evidenceWasSent(slug: string): boolean;
  keepLog(log: { readonly name: string; readonly path: string }, folder: string): Promise<void>;
}

/** A group that is about to be removed. */
interface LateGroup {
  readonly spec: CampaignSpec;
  readonly group: GroupPlacement;
  /** `runs/<campaign>/` of this host. */
  readonly folder: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly bound: typeof bounded;
}

/**
 * Keeps the evidence of a group whose host was away when it was collected, before what it made is removed: logs of its clusters go
 * into its run folder, and the folder to the lead. A lead that is gone, or has its evidence complete, does not take it: then it stays
 * on this host.
 */
export async function keepLateEvidence(
  { spec, group, folder, log, signal, bound }: LateGroup,
  adapters: LateEvidenceAdapters,
): Promise<void> {
  if (group.lead || adapters.evidenceWasSent(spec.slug) || !existsSync(folder)) return;
  const { name, leadAddress: lead } = group;
  try {
    await bound('late evidence sent', { budgetMs: LATE_EVIDENCE_MS }, async (within) => {
      for (const each of logsOf(spec, adapters)) await adapters.keepLog(each, folder);
      adapters.keepHostFacts(folder, spec.slug);
      const { campaign, slug } = spec;
      // A lead that does not answer is given up before the time is over.
      const limits = { signal: within, budgetMs: LATE_EVIDENCE_MS / 2, onFile: () => undefined };
      await adapters.sendEvidence({ campaign, slug, folder, ...limits, group: name, lead });
    });
    log.info({ group: name, lead: lead.host }, 'the evidence of the group was sent late');
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ group: name, folder, why: messageOf(error) }, 'the evidence of the group stays on this host');
  }
}
