import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { goModuleFolder } from './go.ts';
import { cachedToolFolder } from './tool-cache.ts';
import { TOOLS, toolVariable } from './tools.ts';
import type { ToolName } from './tools.ts';

/**
 * Path of a file or folder that belongs to a tool's source, e.g. Karpenter's CRDs: beside the cached program, else in Go's
 * module cache (when the program itself was named by its variable).
 * @throws Error naming both places when it is in neither
 */
export async function toolAsset(name: ToolName, relativePath: string, signal?: AbortSignal): Promise<string> {
  const path = normalize(relativePath);
  if (path.startsWith('..')) throw new Error(`${relativePath} leads out of the source of ${name}`);
  const built = join(cachedToolFolder(name), 'assets');
  if (existsSync(join(built, path))) return join(built, path);
  const { assets, module, version } = TOOLS[name];
  const inCache = await goModuleFolder(module, signal);
  if (inCache !== undefined && existsSync(join(inCache, path))) return join(inCache, path);
  const state = existsSync(built)
    ? 'it was built, without this one'
    : `it was not built yet; "./belay setup --all" does that unless ${toolVariable(name)} names a program`;
  throw new Error(
    `${path} of the source of ${name} ${version} was not found, neither in Go's module cache nor in ${built}: ` +
      `a build by Belay keeps ${assets.join(', ') || 'nothing'} there, but ${state}`,
  );
}
