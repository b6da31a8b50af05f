import { ensureTools } from '../adapters/toolchain/ensure-tools.ts';
import { findTool, type FoundTool } from '../adapters/toolchain/find-tool.ts';
import { inBuildOrder, type ToolName } from '../adapters/toolchain/tools.ts';
import { createProgressDisplay } from './progress-display.ts';
import { toolRows } from './progress-tools.ts';
import { HarnessError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';

/**
 * Makes sure that tools are on this host, and shows what that takes; says nothing when all are there. Ctrl-C stops it: what is
 * ready stays ready.
 * @throws HarnessError naming the tool and what stood in the way
 */
export async function getTools(names: readonly ToolName[]): Promise<ReadonlyMap<ToolName, FoundTool>> {
  const wanted = inBuildOrder(names);
  const missing = await countMissing(wanted);
  if (missing === 0) return await ensureTools(wanted);
  const rows = toolRows(wanted);
  const display = createProgressDisplay();
  display.note(
    `getting ${missing} of ${wanted.length} tools, once for this user: downloaded where releases can be reached, else built from source ` +
      `(from nothing up to 8 minutes on two idle cores, and 9 GB of disk for Go's caches)`,
  );
  const abort = new AbortController();
  const onInterrupt = (): void =>
    abort.abort(new Error('stopped; what is ready stays ready, and the next start goes on from there'));
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onInterrupt);
  try {
    const found = await ensureTools(wanted, {
      signal: abort.signal,
      onProgress: (progress) => {
        rows.take(progress);
        if (progress.note !== undefined) display.note(`${progress.tool}: ${progress.note}`);
        display.show(rows.rows());
      },
    });
    return found;
  } catch (cause) {
    const message = messageOf(abort.signal.aborted ? abort.signal.reason : cause);
    rows.fail(message.split('\n')[0] ?? message);
    display.show(rows.rows());
    throw new HarnessError(message, { cause });
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
    display.close();
  }
}

async function countMissing(names: readonly ToolName[]): Promise<number> {
  try {
    const found = await Promise.all(names.map((name) => findTool(name)));
    return found.filter((tool) => tool === undefined).length;
  } catch (cause) {
    throw new HarnessError(messageOf(cause), { cause });
  }
}
