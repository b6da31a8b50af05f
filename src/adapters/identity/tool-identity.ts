import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { RECENT_CHANGE_MS } from '../../core/plan/limits.ts';
import type { ToolIdentity } from '../../core/identity/identity-schema.ts';
import { cachedToolSha256, sha256Of } from '../toolchain/tool-cache.ts';
import { TOOL_NAMES } from '../toolchain/tools.ts';

/** A program that a campaign runs. */
export interface UsedTool {
  readonly path: string;
  readonly version?: string;
}

/** sha256 by path, size and times: a program is hashed once while it stays the same. */
const hashes = new Map<string, Promise<string>>();

/**
 * Version and sha256 of programs, by their names. A program of the cache that has not been changed since it was put there is not
 * hashed again: hashing all of them takes seconds.
 * @throws Error when one of them cannot be read
 */
export async function toolIdentities(tools: ReadonlyMap<string, UsedTool>): Promise<readonly ToolIdentity[]> {
  return await Promise.all(
    [...tools].map(async ([name, { path, version = 'unknown' }]) => ({ name, version, sha256: await hashOf(path) })),
  );
}

async function hashOf(path: string): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(path);
  const key = `${path} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
  const known = hashes.get(key);
  if (known !== undefined) return await known;
  const hash = recordedOrHashed(path);
  // Another change of it may still get the same times.
  if (Date.now() - ctimeMs < RECENT_CHANGE_MS) return await hash;
  hashes.set(key, hash);
  hash.catch(() => hashes.delete(key));
  return await hash;
}

async function recordedOrHashed(path: string): Promise<string> {
  const name = TOOL_NAMES.find((one) => one === basename(path));
  const recorded = name === undefined ? undefined : await cachedToolSha256(name, path);
  return recorded ?? (await sha256Of(path));
}
