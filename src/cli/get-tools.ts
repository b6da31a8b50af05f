import { ensureTools } from '../adapters/toolchain/ensure-tools.ts';
import { findTool } from '../adapters/toolchain/find-tool.ts';
import type { FoundTool } from '../adapters/toolchain/find-tool.ts';
import { gigabytes } from '../adapters/toolchain/disk.ts';
import { inBuildOrder } from '../adapters/toolchain/tools.ts';
import type { ToolName } from '../adapters/toolchain/tools.ts';
import { createProgressDisplay } from './progress-display.ts';
import { toolRows } from './progress-tools.ts';
import { HarnessError } from './usage-error.ts';

/** How long and how much a build of everything takes at most, told before it begins. */
const COLD_DISK_BYTES = 9e9;

/**
 * Makes tools ready and shows how far it is; says nothing when all are there. Ctrl-C stops it: what is done stays done.
 * @throws HarnessError naming the tool that cannot be had and every route that was tried
 */
export async function getTools(names: readonly ToolName[]): Promise<ReadonlyMap<ToolName, FoundTool>> {
  const wanted = inBuildOrder(names);
  const missing = await missingTools(wanted);
  if (missing.length === 0) return ensureTools(wanted);
  const display = createProgressDisplay();
  display.note(
    `getting ${missing.length} of ${wanted.length} tools, once for this user: downloaded where releases can be reached, else built from source ` +
      `(on two idle cores up to 8 minutes and ${gigabytes(COLD_DISK_BYTES)} of disk for Go's caches, from nothing)`,
  );
  const stop = new AbortController();
  const onInterrupt = (): void =>
    stop.abort(new HarnessError('stopped; what is ready stays ready, the next start goes on from there'));
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  const rows = toolRows(wanted);
  try {
    const found = await ensureTools(wanted, {
      signal: stop.signal,
      onProgress: (progress) => {
        rows.take(progress);
        if (progress.note !== undefined) display.note(`${progress.tool}: ${progress.note}`);
        display.show(rows.rows());
      },
    });
    return found;
  } catch (cause) {
    rows.fail('failed');
    display.show(rows.rows());
    throw new HarnessError(stop.signal.aborted ? (stop.signal.reason as Error).message : (cause as Error).message, {
      cause,
    });
  } finally {
    display.close();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

async function missingTools(names: readonly ToolName[]): Promise<readonly ToolName[]> {
  try {
    const found = await Promise.all(names.map((name) => findTool(name)));
    return names.filter((_name, index) => found[index] === undefined);
  } catch (cause) {
    throw new HarnessError((cause as Error).message, { cause });
  }
}
