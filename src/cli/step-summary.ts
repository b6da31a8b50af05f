import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { summaryInFolder } from '../adapters/evidence/write-summary.ts';
import { runsFolder } from '../adapters/host/folders.ts';
import { counted } from '../core/text/counted.ts';
import { bytesOf } from '../core/text/markdown.ts';
import { messageOf } from '../core/text/message-of.ts';

const VARIABLE = 'GITHUB_STEP_SUMMARY';

/** GitHub shows nothing of a summary that is larger than 1 MiB. Some is left for what other commands of the step add. */
const MOST_BYTES = 1_000_000;

/**
 * Adds campaigns in short to the summary of a GitHub Actions step, when this process runs in one. A campaign without a summary is left
 * out, and so are those for which GitHub takes no more. A file that cannot be written is reported and changes no exit code.
 */
export async function addStepSummary(campaigns: readonly string[]): Promise<void> {
  const path = process.env[VARIABLE] || undefined;
  if (path === undefined) return;
  try {
    const { runMarkdown } = await import('../adapters/reports/run-markdown.ts');
    const texts = campaigns.flatMap((campaign) => {
      const folder = join(runsFolder(), campaign);
      const summary = summaryInFolder(folder);
      return summary === undefined ? [] : [`${runMarkdown(folder, summary)}\n`];
    });
    let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    for (const [index, text] of texts.entries()) {
      bytes += bytesOf(text);
      if (bytes > MOST_BYTES) {
        const left = `${counted(texts.length - index, 'campaign')} more: a summary of a step has room for 1 MiB.`;
        console.error(`${VARIABLE}: left out ${left}`);
        appendFileSync(path, `\n${left}\n`);
        return;
      }
      appendFileSync(path, text);
    }
  } catch (error) {
    console.error(`${VARIABLE}: the summary of the step could not be written: ${messageOf(error)}`);
  }
}
