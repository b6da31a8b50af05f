import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { summaryInFolder } from '../adapters/evidence/write-summary.ts';
import { runsFolder } from '../adapters/host/folders.ts';
import { messageOf } from '../core/text/message-of.ts';

const VARIABLE = 'GITHUB_STEP_SUMMARY';

/**
 * Adds campaigns in short to the summary of a GitHub Actions step, when this process runs in one. A campaign without a summary is left
 * out. A file that cannot be written is reported and changes no exit code.
 */
export async function addStepSummary(campaigns: readonly string[]): Promise<void> {
  const path = process.env[VARIABLE] || undefined;
  if (path === undefined) return;
  try {
    const { runMarkdown } = await import('../adapters/reports/run-markdown.ts');
    for (const campaign of campaigns) {
      const folder = join(runsFolder(), campaign);
      const summary = summaryInFolder(folder);
      if (summary !== undefined) appendFileSync(path, `${runMarkdown(folder, summary)}\n`);
    }
  } catch (error) {
    console.error(`${VARIABLE}: the summary of the step could not be written: ${messageOf(error)}`);
  }
}
