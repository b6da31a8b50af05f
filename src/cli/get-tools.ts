import { ensureTools } from '../adapters/toolchain/ensure-tools.ts';
import { findTool, type FoundTool } from '../adapters/toolchain/find-tool.ts';
import { inBuildOrder, type ToolName } from '../adapters/toolchain/tools.ts';
import { createProgressDisplay } from './progress-display.ts';
import { toolRows } from './progress-tools.ts';
import { stoppable, StoppedError } from './stoppable.ts';
import { HarnessError } from './usage-error.ts';
import { messageOf } from '../core/text/message-of.ts';

const STOPPED = 'stopped; tools that are ready stay ready, and the next start continues with the rest';

/**
 * Gets the tools that this host does not have, and shows the progress. It prints nothing when none is missing. Ctrl-C stops it;
 * tools that are ready stay ready.
 * @param signal stops it, in a command that handles Ctrl-C itself
 * @throws HarnessError that names the tool and the reason; StoppedError
 */
export async function getTools(
  names: readonly ToolName[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<ToolName, FoundTool>> {
  return signal === undefined
    ? await stoppable((stopped) => getMissing(names, stopped))
    : await getMissing(names, signal);
}

async function getMissing(names: readonly ToolName[], signal: AbortSignal): Promise<ReadonlyMap<ToolName, FoundTool>> {
  const wanted = inBuildOrder(names);
  const missing = await countMissing(wanted);
  if (missing === 0) return await ensureTools(wanted, { signal });
  const rows = toolRows(wanted);
  const display = createProgressDisplay();
  display.note(
    `getting ${missing} of ${wanted.length} tools, once per user: by download where the releases can be reached, else built from source ` +
      `(up to 8 minutes on two idle cores, and 9 GB of disk for Go's caches)`,
  );
  try {
    return await ensureTools(wanted, {
      signal,
      onProgress: (progress) => {
        rows.take(progress);
        if (progress.note !== undefined) display.note(`${progress.tool}: ${progress.note}`);
        display.show(rows.rows());
      },
    });
  } catch (cause) {
    const message = signal.aborted ? STOPPED : messageOf(cause);
    rows.fail(message.split('\n')[0] ?? message);
    display.show(rows.rows());
    throw signal.aborted ? new StoppedError(message, { cause }) : new HarnessError(message, { cause });
  } finally {
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
