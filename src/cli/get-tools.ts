import { ensureTools } from '../adapters/toolchain/ensure-tools.ts';
import { findTool } from '../adapters/toolchain/find-tool.ts';
import type { ToolName } from '../adapters/toolchain/tools.ts';
import { createProgressDisplay } from './progress-display.ts';
import { toolRows } from './progress-tools.ts';
import { HarnessError } from './usage-error.ts';

/**
 * Makes sure that tools are on this host, and shows what that takes; says nothing when all are there.
 * @throws HarnessError naming the tool and what stood in the way
 */
export async function getTools(names: readonly ToolName[]): Promise<void> {
  const wanted = [...new Set(names)];
  const found = await Promise.all(wanted.map((name) => findTool(name)));
  if (found.every((tool) => tool !== undefined)) return;
  const rows = toolRows(wanted);
  const display = createProgressDisplay();
  display.note('getting tools: kept in the user cache, so that this happens once');
  const abort = new AbortController();
  const onInterrupt = (): void => abort.abort(new Error('interrupted'));
  process.once('SIGINT', onInterrupt);
  try {
    await ensureTools(wanted, {
      signal: abort.signal,
      onProgress: (progress) => {
        rows.take(progress);
        display.show(rows.rows());
      },
    });
    display.show(rows.rows());
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    rows.fail(message.split('\n')[0] ?? message);
    display.show(rows.rows());
    throw new HarnessError(message);
  } finally {
    process.off('SIGINT', onInterrupt);
    display.close();
  }
}
