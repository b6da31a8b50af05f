import { join, relative, resolve } from 'node:path';
import { summaryMarkdown } from '../../core/verdict/markdown-summary.ts';
import type { Summary } from '../../core/verdict/summary-model.ts';
import { isPlainFile } from '../host/plain-file.ts';
import { campaignPage } from '../temporal/campaign-page.ts';
import { reportAddress } from './report-address.ts';
import { runHistory } from './run-history.ts';

/** A run in short as Markdown, with what the runs beside it say, and links to where there is more. */
export function runMarkdown(folder: string, summary: Summary): string {
  const path = resolve(folder);
  const file = join(path, 'report.html');
  const report = reportAddress(summary.runId) ?? (isPlainFile(file) ? relative(process.cwd(), file) : '');
  const page = pageOf(summary);
  return summaryMarkdown(summary, runHistory(path), { report, page });
}

function pageOf({ temporal: { workflowId, runId } }: Summary): string {
  try {
    return campaignPage(workflowId, runId);
  } catch {
    // Without a Temporal that is known there is no page.
    return '';
  }
}
