import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupPlacement } from '../../core/campaign/placement.ts';
import { readJsonFile, writeJsonFile } from '../host/atomic-file.ts';

/** In the run folder of a lead. A member that finds it in its own has the same folder as the lead. */
const LEAD_FILE = 'lead.json';

/** In the run folder of a member: whose summary its evidence belongs to. */
const MEMBER_FILE = 'member.json';

/** Marks a run folder as that of the lead, or of a member. */
export function markOwner(
  folder: string,
  { lead, leadAddress: { host } }: Pick<GroupPlacement, 'lead'> & { readonly leadAddress: { readonly host: string } },
): void {
  // A member without a folder of its own is refused by `provision`, and must not mark that of the lead.
  if (existsSync(join(folder, LEAD_FILE)) || existsSync(join(folder, MEMBER_FILE))) return;
  writeJsonFile(join(folder, lead ? LEAD_FILE : MEMBER_FILE), lead ? { host } : { lead: host });
}

/** The lead that has the summary of a member's folder; undefined for a folder of another kind. @throws as `readJsonFile` */
export function leadOfMember(folder: string): string | undefined {
  const mark = readJsonFile(join(folder, MEMBER_FILE)) as { readonly lead?: unknown } | null | undefined;
  return typeof mark?.lead === 'string' ? mark.lead : undefined;
}

/** Why the run folder of a member cannot be its own; undefined where it is. */
export function sharedFolderProblem(folder: string): string | undefined {
  return existsSync(join(folder, LEAD_FILE))
    ? `${folder} is the lead's own: every host of a campaign needs a folder of its own for evidence, set BELAY_RUNS`
    : undefined;
}
