import { ensureTools } from '../adapters/toolchain/ensure-tools.ts';
import { findTool, type FoundTool } from '../adapters/toolchain/find-tool.ts';
import { inBuildOrder, type ToolName } from '../adapters/toolchain/tools.ts';
import { createProgressDisplay } from './progress-display.ts';
import { toolRows } from './progress-tools.ts';
import { HarnessError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';

/**
 * Gets the tools that this host does not have, and shows the progress. It prints nothing when none is missing. Ctrl-C stops it;
 * tools that are ready stay ready.
 * @throws HarnessError that names the tool and the reason
 */
export async function getTools(names: readonly ToolName[]): Promise<ReadonlyMap<ToolName, FoundTool>> {
  const wanted = inBuildOrder(names);
  const missing = await countMissing(wanted);
  if (missing === 0) return await ensureTools(wanted);
  const rows = toolRows(wanted);
  const display = createProgressDisplay();
  display.note(
    `getting ${missing} of ${wanted.length} tools, once per user: by download where the releases can be reached, else built from source ` +
      `(up to 8 minutes on two idle cores, and 9 GB of disk for Go's caches)`,
  );
  const abort = new AbortController();
  const onInterrupt = (): void =>
    abort.abort(new Error('stopped; tools that are ready stay ready, and the next start continues with the rest'));
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
