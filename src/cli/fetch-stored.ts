import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runsFolder } from '../adapters/host/folders.ts';
import { STORE_ANSWER_MS, STORE_FETCH_MS } from '../core/plan/limits.ts';
import { messageOf } from '../core/text/message-of.ts';
import { safeForTerminal } from '../core/text/terminal.ts';
import { UsageError } from './usage-error.ts';

/** What commands need of a run. */
const NEEDED = {
  summary: (path: string) => path === 'summary.json',
  /** Everything but logs and the snapshot of Prometheus' data. */
  report: (path: string) =>
    !path.includes('logs/') && (!path.startsWith('prometheus/') || path.startsWith('prometheus/series/')),
  logs: (path: string) => path.includes('logs/') || path === 'spec.json',
} satisfies Readonly<Record<string, (path: string) => boolean>>;

/** Fetches the summaries of runs that only the store of evidence has, if one is set. What is wrong is written to stderr. */
export async function fetchStoredSummaries(): Promise<void> {
  if (!isSet()) return;
  try {
    const { fetchSummaries } = await import('../adapters/evidence/store-runs.ts');
    const { failed } = await fetchSummaries(isHere, {
      signal: new AbortController().signal,
      budgetMs: STORE_ANSWER_MS,
    });
    for (const { id, why } of failed) process.stderr.write(safeForTerminal(`${id} could not be fetched: ${why}\n`));
  } catch (error) {
    const why = messageOf(error);
    process.stderr.write(safeForTerminal(`runs that are only in the store of evidence may be missing: ${why}\n`));
  }
}

/**
 * Fetches what a command needs of a run that only the store of evidence has, if one is set.
 * @throws UsageError when the store cannot be read
 */
export async function fetchStoredRun(id: string, needed: keyof typeof NEEDED): Promise<void> {
  if (!isSet() || isHere(id)) return;
  try {
    const { fetchRunFiles } = await import('../adapters/evidence/store-runs.ts');
    await fetchRunFiles(id, NEEDED[needed], { signal: AbortSignal.timeout(STORE_FETCH_MS), budgetMs: STORE_FETCH_MS });
  } catch (error) {
    throw new UsageError(`run ${id} is not in ${runsFolder()}, and the store was not read: ${messageOf(error)}`);
  }
}

function isSet(): boolean {
  return Boolean(process.env['BELAY_EVIDENCE']);
}

/** Whether it is a path, or the name of a run in the runs folder. */
function isHere(id: string): boolean {
  return id.includes('/') || existsSync(join(runsFolder(), id));
}
