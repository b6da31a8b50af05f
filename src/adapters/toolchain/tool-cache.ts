import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../host/make-folder.ts';
import { cacheFolder } from '../host/folders.ts';
import { TOOLS } from './tools.ts';
import type { ToolName } from './tools.ts';

/** Kept beside a cached program: what it is and where it is from. */
export interface ToolStamp {
  readonly tool: ToolName;
  readonly version: string;
  readonly from: 'release' | 'build';
  /** Address it was downloaded from, or package and Go version it was built with. */
  readonly source: string;
  readonly sha256: string;
  readonly bytes: number;
}

const STAMP = 'stamp.json';

/** Folder of a tool's pinned version in the cache; it may not exist. */
export function cachedToolFolder(name: ToolName): string {
  return join(toolsFolder(), `${name}-${TOOLS[name].version}`);
}

/** The lock of the process that downloads or builds a tool. */
export function toolLockPath(name: ToolName): string {
  return join(cacheFolder(), 'locks', basename(cachedToolFolder(name)));
}

/** Where tools, and what is on the way to become one, are kept. */
export function toolsFolder(): string {
  return join(cacheFolder(), 'tools');
}

/** The cached program of the pinned version, if it is whole. */
export async function readCachedTool(
  name: ToolName,
): Promise<{ readonly path: string; readonly stamp: ToolStamp } | undefined> {
  const path = join(cachedToolFolder(name), name);
  try {
    const stamp = JSON.parse(await readFile(join(cachedToolFolder(name), STAMP), 'utf8')) as ToolStamp;
    const { size } = await stat(path);
    return size === stamp.bytes && stamp.version === TOOLS[name].version ? { path, stamp } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * sha256 of a cached program as it was recorded when it was put into the cache; undefined for a file that is not this program, or
 * that may have been changed since. The stamp is written last, so an unchanged program is older.
 */
export async function cachedToolSha256(name: ToolName, path: string): Promise<string | undefined> {
  const cached = await readCachedTool(name);
  if (cached?.path !== path) return undefined;
  const [program, stamp] = await Promise.all([stat(path), stat(join(cachedToolFolder(name), STAMP))]);
  return program.ctimeMs < stamp.mtimeMs ? cached.stamp.sha256 : undefined;
}

/**
 * Puts a tool into the cache: `make` is given an empty folder and the file to create in it; the folder appears under its
 * final name only when it is complete.
 */
export async function writeCachedTool(
  name: ToolName,
  from: ToolStamp['from'],
  make: (file: string, folder: string) => Promise<{ readonly source: string }>,
): Promise<string> {
  makeFolder(toolsFolder());
  const temporary = await mkdtemp(join(toolsFolder(), `.${name}-`));
  try {
    const file = join(temporary, name);
    const { source } = await make(file, temporary);
    await chmod(file, 0o755);
    await chmod(temporary, 0o755);
    const { size } = await stat(file);
    const stamp: ToolStamp = {
      tool: name,
      version: TOOLS[name].version,
      from,
      source,
      sha256: await sha256Of(file),
      bytes: size,
    };
    await writeFile(join(temporary, STAMP), `${JSON.stringify(stamp, null, 2)}\n`);
    const folder = cachedToolFolder(name);
    // What is there is not whole, or we would not be here.
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    return join(folder, name);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** sha256 of a file, in lower-case hex. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
