import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { LeadAddress } from '../../core/campaign/placement.ts';
import type { EvidencePart } from '../../core/campaign/stage-io.ts';
import { takeOnly } from '../fleet/evidence-inbox.ts';
import { readAccess } from '../fleet/fleet-access.ts';
import { writeJsonFile } from '../host/atomic-file.ts';
import { campaignFolder } from '../host/ledger.ts';
import { collectGroups, uploadGroup } from './evidence-store.ts';
import { sharedFolderProblem } from './folder-owner.ts';

/** A campaign's folder that is moved between hosts, and the bounds of moving it. */
export interface Transfer {
  readonly slug: string;
  readonly campaign: string;
  /** `runs/<campaign>/` of this host. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Of one call. */
  readonly budgetMs: number;
  readonly onFile: (path: string, done: number, total: number) => void;
}

/** Beside the ledger of a member, once its evidence was sent. */
const SENT_FILE = 'evidence-sent.json';

/**
 * Sends the evidence of a member to its lead, and notes that it was sent. When it returns, all of it is there and was checked.
 * @throws Error with the reason
 */
export async function sendEvidence(
  transfer: Transfer & { readonly group: string; readonly lead: LeadAddress },
): Promise<{ readonly files: number; readonly bytes: number }> {
  const { slug, folder, lead } = transfer;
  const problem = sharedFolderProblem(folder);
  if (problem !== undefined) throw new Error(problem);
  const access = readAccess(slug);
  if (access === undefined) throw new Error(`this host has no access to ${lead.host}, the lead of the campaign`);
  const sent = await uploadGroup({ ...transfer, lead: { endpointUrl: lead.endpointUrl, access } });
  writeJsonFile(join(campaignFolder(slug), SENT_FILE), { files: sent.files, bytes: sent.bytes, atMs: Date.now() });
  return sent;
}

/** Whether a member's evidence was sent to its lead, so that its own copy may go. */
export function wasSent(slug: string): boolean {
  return existsSync(join(campaignFolder(slug), SENT_FILE));
}

/**
 * Collects the evidence of groups in the run folder of the lead. Afterwards the lead takes none of other groups.
 * @param transfer `late`: groups whose clusters have moved to other hosts; theirs counts if it is there
 * @returns a part for each of the groups, and then for each of those that may be late
 */
export async function collectEvidence(
  transfer: Transfer & { readonly groups: readonly string[]; readonly late: readonly string[] },
): Promise<readonly EvidencePart[]> {
  const { folder, groups, late } = transfer;
  takeOnly(folder, groups, late);
  return await collectGroups({ ...transfer, groups: [...groups, ...late] });
}
