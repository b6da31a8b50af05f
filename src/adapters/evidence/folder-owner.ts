import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonFile } from '../host/atomic-file.ts';

/** In the run folder of a lead. A member that finds it in its own has the same folder as the lead. */
const LEAD_FILE = 'lead.json';

/** Marks a run folder as that of the lead. */
export function markLead(folder: string, host: string): void {
  if (!existsSync(join(folder, LEAD_FILE))) writeJsonFile(join(folder, LEAD_FILE), { host });
}

/** Why the run folder of a member cannot be its own; undefined where it is. */
export function sharedFolderProblem(folder: string): string | undefined {
  return existsSync(join(folder, LEAD_FILE))
    ? `${folder} is the lead's own: every host of a campaign needs a folder of its own for evidence, set BELAY_RUNS`
    : undefined;
}
