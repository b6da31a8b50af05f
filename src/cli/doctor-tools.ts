import { findTool } from '../adapters/toolchain/find-tool.ts';
import type { FoundTool } from '../adapters/toolchain/find-tool.ts';
import { inspectGo } from '../adapters/toolchain/go.ts';
import { reachableRelease } from '../adapters/toolchain/install-release.ts';
import { readCachedTool } from '../adapters/toolchain/tool-cache.ts';
import { QUICKSTART_TOOLS, TOOLS, TOOL_NAMES, toolVariable } from '../adapters/toolchain/tools.ts';
import type { ToolName } from '../adapters/toolchain/tools.ts';
import { fine } from './doctor-checks.ts';
import type { Check } from './doctor-checks.ts';
import { messageOf } from '../core/text/message-of.ts';

/** Checks every tool, and Go if a missing tool has to be built. It downloads and builds nothing. */
export async function checkTools(): Promise<readonly Check[]> {
  const checks = await Promise.all(TOOL_NAMES.map((name) => checkTool(name)));
  return [...checks, await checkGo(checks)];
}

/** Whether a tool is missing that the quickstart needs. */
export function toolsAreMissing(checks: readonly Check[]): boolean {
  return checks.some((check) => check.state === 'problem' && check.missing.startsWith('not installed'));
}

async function checkTool(name: ToolName): Promise<Check> {
  const { version } = TOOLS[name];
  let found: FoundTool | undefined;
  try {
    found = await findTool(name);
  } catch (cause) {
    const missing = messageOf(cause);
    return {
      what: name,
      found: '',
      from: toolVariable(name),
      state: 'problem',
      missing,
      fix: `correct or unset ${toolVariable(name)}`,
    };
  }
  if (found !== undefined) return fine(name, found.version, await originOf(found));
  const needed = (QUICKSTART_TOOLS as readonly ToolName[]).includes(name);
  const release = await reachableRelease(name);
  return {
    what: name,
    found: '',
    from: '',
    state: needed ? 'problem' : 'optional',
    missing: `not installed; ${version} ${'unavailable' in release ? 'is built from source' : `comes from ${new URL(release.url).host}`}`,
    fix: needed ? './belay setup' : './belay setup --all',
  };
}

async function originOf(tool: FoundTool): Promise<string> {
  switch (tool.from) {
    case 'explicit':
      return `${toolVariable(tool.name)}: ${tool.path}`;
    case 'path':
      return `PATH: ${tool.path}`;
    default: {
      const cached = await readCachedTool(tool.name);
      return cached?.stamp.from === 'release' ? 'cache, official release' : 'cache, built here';
    }
  }
}

async function checkGo(tools: readonly Check[]): Promise<Check> {
  const go = await inspectGo();
  if (go.fix === undefined) return fine('Go', go.version ?? '', 'PATH; builds tools that cannot be downloaded');
  const toBuild = tools.filter((check) => check.missing.endsWith('is built from source'));
  const found = go.version ?? '';
  if (toBuild.length === 0) return fine('Go', found === '' ? 'none' : found, 'not needed: no tool has to be built');
  const state = toBuild.some((check) => check.state === 'problem') ? 'problem' : 'optional';
  const missing = found === '' ? 'not found on PATH' : `older than ${go.needed}`;
  return { what: 'Go', found, from: found === '' ? '' : 'PATH', state, missing, fix: go.fix };
}
