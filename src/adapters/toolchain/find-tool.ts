import { accessSync, constants, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { execa } from 'execa';
import { TOOL_VERSION_MS } from '../../core/plan/limits.ts';
import { readCachedTool } from './tool-cache.ts';
import { TOOLS, toolVariable } from './tools.ts';
import type { ToolName } from './tools.ts';

/** Where a tool was found: named by its variable, on PATH, in the cache, or put there just now. */
type ToolSource = 'explicit' | 'path' | 'cache' | 'release' | 'build';

/** A tool that can be run. */
export interface FoundTool {
  readonly name: ToolName;
  /** What it says of itself; `unknown` for one named explicitly that does not say. */
  readonly version: string;
  readonly path: string;
  readonly from: ToolSource;
}

/**
 * Looks for a tool without getting it: the file its variable names, then PATH (only the pinned version), then the cache.
 * @throws Error when the variable names something that cannot be run
 */
export async function findTool(name: ToolName, signal?: AbortSignal): Promise<FoundTool | undefined> {
  const named = process.env[toolVariable(name)];
  if (named !== undefined && named !== '') {
    if (!isAbsolute(named) || !isExecutable(named)) {
      throw new Error(`${toolVariable(name)} is "${named}", which is not the absolute path of an executable file`);
    }
    return { name, path: named, version: (await versionOf(name, named, signal)) ?? 'unknown', from: 'explicit' };
  }
  const { version } = TOOLS[name];
  for (const path of onPath(name)) {
    if ((await versionOf(name, path, signal)) === version) return { name, path, version, from: 'path' };
  }
  const cached = await readCachedTool(name);
  return cached && { name, path: cached.path, version, from: 'cache' };
}

/**
 * Asks a program for its version, for at most 3 s. Undefined when it does not say: it has no such flag, is something else of
 * the same name, or hangs.
 */
export async function versionOf(name: ToolName, path: string, signal?: AbortSignal): Promise<string | undefined> {
  const { versionArgs } = TOOLS[name];
  if (versionArgs === undefined) return undefined;
  const answer = await execa(path, [...versionArgs], {
    reject: false,
    all: true,
    stdin: 'ignore',
    // A kubectl that chooses its version by that of the server would ask the user's cluster, and leave a cache in ~/.kube.
    env: { KUBECONFIG: devNull },
    timeout: TOOL_VERSION_MS,
    forceKillAfterDelay: 500,
    maxBuffer: 100_000,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  signal?.throwIfAborted();
  if (answer.exitCode !== 0) return undefined;
  // The first thing that looks like a version is the program's own: Go's and the platform's come after it.
  return /(?<![\d.])v?(\d+\.\d+\.\d+(?:-[\w.]+)?)/.exec(answer.all)?.[1];
}

function onPath(name: ToolName): readonly string[] {
  if (TOOLS[name].versionArgs === undefined) return [];
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return [...new Set(folders)].map((folder) => join(folder, name)).filter((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
