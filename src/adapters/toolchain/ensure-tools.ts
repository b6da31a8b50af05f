import { TOOL_BUILD_MS } from '../../core/plan/limits.ts';
import { withProcessLock } from '../host/process-lock.ts';
import { buildTool } from './build.ts';
import { findTool } from './find-tool.ts';
import type { FoundTool } from './find-tool.ts';
import { installRelease, reachableRelease } from './install-release.ts';
import type { StepProgress, ToolProgress } from './progress.ts';
import { readCachedTool, toolLockPath, writeCachedTool } from './tool-cache.ts';
import { TOOLS, inBuildOrder, toolVariable } from './tools.ts';
import type { ToolName } from './tools.ts';
import { messageOf } from '../../core/text/message-of.ts';

/** How tools are got. */
export interface EnsureToolsOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: ToolProgress) => void) | undefined;
}

/**
 * Makes tools ready to run: finds each (explicit path, PATH, cache) or gets it (official release with its checksum verified,
 * else built from tools/go.mod), one after another in build order. Safe to call in several processes at once: the second waits.
 * @throws Error naming the tool, every route that was tried and what came of it
 */
export async function ensureTools(
  names: readonly ToolName[],
  options: EnsureToolsOptions = {},
): Promise<ReadonlyMap<ToolName, FoundTool>> {
  const wanted = inBuildOrder(names);
  const startedAtMs = Date.now();
  const found = new Map<ToolName, FoundTool>();
  await Promise.all(
    wanted.map(async (name) => {
      const tool = await findTool(name, options.signal);
      if (tool === undefined) return;
      found.set(name, tool);
      options.onProgress?.({
        tool: name,
        step: 'ready',
        done: 0,
        total: 0,
        unit: 'none',
        elapsedMs: Date.now() - startedAtMs,
      });
    }),
  );
  for (const name of wanted) {
    if (!found.has(name)) found.set(name, await getTool(name, options));
  }
  return found;
}

async function getTool(name: ToolName, options: EnsureToolsOptions): Promise<FoundTool> {
  const startedAtMs = Date.now();
  const onStep = (step: StepProgress): void => {
    options.onProgress?.({ ...step, tool: name, elapsedMs: Date.now() - startedAtMs });
  };
  onStep(still('looking'));
  const { signal = new AbortController().signal } = options;
  const lock = { waitMs: TOOL_BUILD_MS, signal, onWait: () => onStep(still('waiting')) };
  return withProcessLock(toolLockPath(name), lock, async () => {
    const { version } = TOOLS[name];
    const cached = await readCachedTool(name);
    const tool: FoundTool = cached
      ? { name, version, path: cached.path, from: 'cache' }
      : await install(name, signal, onStep);
    onStep(still('ready'));
    return tool;
  });
}

async function install(name: ToolName, signal: AbortSignal, onStep: (step: StepProgress) => void): Promise<FoundTool> {
  const { version } = TOOLS[name];
  const tried: string[] = [];
  const release = await reachableRelease(name);
  if ('unavailable' in release) {
    tried.push(`release: ${release.unavailable}`);
  } else {
    try {
      const path = await writeCachedTool(name, 'release', (file, folder) =>
        installRelease(name, release, { file, folder }, signal, onStep),
      );
      return { name, version, path, from: 'release' };
    } catch (cause) {
      signal.throwIfAborted();
      const reason = messageOf(cause);
      tried.push(`release: ${reason}`);
      onStep({ step: 'looking', done: 0, total: 0, unit: 'none', note: `${reason}; building it instead` });
    }
  }
  try {
    const path = await writeCachedTool(name, 'build', (file, folder) =>
      buildTool({ name, file, folder, signal, onStep }),
    );
    return { name, version, path, from: 'build' };
  } catch (cause) {
    signal.throwIfAborted();
    tried.push(`build: ${messageOf(cause)}`);
    throw new Error(
      `${name} ${version} is not available:\n  ${tried.join('\n  ')}\n` +
        `Or put it on PATH, or name its file in ${toolVariable(name)}. "./belay doctor" shows what is missing.`,
      { cause },
    );
  }
}

function still(step: 'looking' | 'waiting' | 'ready'): StepProgress {
  return { step, done: 0, total: 0, unit: 'none' };
}
