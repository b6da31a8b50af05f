import { appendFileSync, lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { summaryInFolder } from '../adapters/evidence/write-summary.ts';
import { runsFolder } from '../adapters/host/folders.ts';
import { isDamaged, readRun } from '../adapters/index/run-folders.ts';
import type { runMarkdown } from '../adapters/reports/run-markdown.ts';
import { counted } from '../core/text/counted.ts';
import { bytesOf, plain } from '../core/text/markdown.ts';
import { messageOf } from '../core/text/message-of.ts';

const VARIABLE = 'GITHUB_STEP_SUMMARY';

/** GitHub shows nothing of a summary that is larger than 1 MiB. Some is left for what other commands of the step add. */
const MOST_BYTES = 1_000_000;

/** Campaigns that are named in a line. */
const NAMED = 20;

/**
 * Adds campaigns in short to the summary of a GitHub Actions step, when this process runs in one. A campaign without a summary is left
 * out. One that cannot be read, and those for which GitHub takes no more, are named there and on stderr. A file that cannot be written is
 * reported and changes no exit code.
 */
export async function addStepSummary(campaigns: readonly string[]): Promise<void> {
  const path = process.env[VARIABLE] || undefined;
  if (path === undefined) return;
  try {
    const { runMarkdown: inShort } = await import('../adapters/reports/run-markdown.ts');
    const judged = campaigns.filter((campaign) => hasSummary(join(runsFolder(), campaign)));
    let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    for (const [index, campaign] of judged.entries()) {
      const text = textOf(campaign, inShort);
      bytes += bytesOf(text);
      if (bytes > MOST_BYTES) {
        appendFileSync(path, leftOut(roomText(judged.slice(index))));
        return;
      }
      appendFileSync(path, text);
    }
  } catch (error) {
    console.error(`${VARIABLE}: the summary of the step could not be written: ${messageOf(error)}`);
  }
}

/** Whether there is a summary, also one that is damaged. */
function hasSummary(folder: string): boolean {
  return lstatSync(join(folder, 'summary.json'), { throwIfNoEntry: false }) !== undefined;
}

/** A campaign in short. One that cannot be read keeps no other one from being shown. */
function textOf(campaign: string, inShort: typeof runMarkdown): string {
  const folder = join(runsFolder(), campaign);
  const run = readRun({ id: campaign, folder, state: undefined });
  if (isDamaged(run)) return leftOut(`${campaign}: ${run.why}`);
  try {
    const summary = summaryInFolder(folder);
    return summary === undefined ? '' : `${inShort(folder, summary)}\n`;
  } catch (error) {
    return leftOut(`${campaign}: ${messageOf(error)}`);
  }
}

/** Names on stderr what is left out. @returns the same as a paragraph of the summary */
function leftOut(what: string): string {
  console.error(`${VARIABLE}: left out ${what}`);
  return `\nLeft out ${plain(what)}\n`;
}

function roomText(campaigns: readonly string[]): string {
  const more = campaigns.length > NAMED ? ` and ${campaigns.length - NAMED} more` : '';
  const names = `${campaigns.slice(0, NAMED).join(', ')}${more}`;
  return `${counted(campaigns.length, 'campaign')}, as a summary of a step has room for 1 MiB: ${names}`;
}
