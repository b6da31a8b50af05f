import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { goModuleFolder } from './go.ts';
import { cachedToolFolder } from './tool-cache.ts';
import { TOOLS } from './tools.ts';
import type { ToolName } from './tools.ts';

/**
 * Path of a file or folder that belongs to a tool's source, e.g. Karpenter's CRDs: beside the cached program, else in Go's
 * module cache (when the program itself was named by its variable).
 * @throws Error naming both places when it is in neither
 */
export async function toolAsset(name: ToolName, relativePath: string, signal?: AbortSignal): Promise<string> {
  const path = normalize(relativePath);
  if (path.startsWith('..')) throw new Error(`${relativePath} leads out of the source of ${name}`);
  const cached = join(cachedToolFolder(name), 'assets', path);
  if (existsSync(cached)) return cached;
  const module = await goModuleFolder(TOOLS[name].module, signal);
  if (module !== undefined && existsSync(join(module, path))) return join(module, path);
  const kept = TOOLS[name].assets.join(', ') || 'none';
  throw new Error(
    `${path} of ${name} ${TOOLS[name].version} is neither in ${cachedToolFolder(name)} (kept there: ${kept}) ` +
      `nor in Go's module cache; "./belay setup --all" gets it`,
  );
}
