import { createHash } from 'node:crypto';
import { readdir, type FileHandle } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { openPlainFile } from './plain-file.ts';

/** A file: path from its folder with `/`, size, and sha256 in hex. */
export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Lists the files below a folder. Of a file that grows meanwhile, its beginning is listed.
 * @param leftOut paths that are not listed
 * @throws the signal's reason when it aborts; as `openPlainFile` for what became something else meanwhile
 */
export async function listFiles(
  folder: string,
  leftOut: readonly string[],
  signal?: AbortSignal,
): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = [];
  for (const path of await pathsBelow(folder)) {
    if (leftOut.includes(path)) continue;
    signal?.throwIfAborted();
    files.push(await listedFile(folder, path, signal));
  }
  return files;
}

/** Lists one file. @throws as `listFiles` */
export async function listedFile(folder: string, path: string, signal?: AbortSignal): Promise<ListedFile> {
  const file = await openPlainFile(join(folder, path));
  try {
    const { size } = await file.stat();
    return { path, bytes: size, sha256: await sha256Of(file, size, signal) };
  } finally {
    await file.close();
  }
}

/** Paths of all files below a folder but what is not finished (`.tmp`), in order, with `/`. Links are not followed. */
export async function pathsBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => part.endsWith('.tmp')))
    .sort();
}

/** sha256 of the first `bytes` of a file, in hex. @throws the signal's reason when it aborts; as `openPlainFile` */
export async function sha256OfBeginning(path: string, bytes: number, signal?: AbortSignal): Promise<string> {
  const file = await openPlainFile(path);
  try {
    return await sha256Of(file, bytes, signal);
  } finally {
    await file.close();
  }
}

async function sha256Of(file: FileHandle, bytes: number, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  if (bytes === 0) return hash.digest('hex');
  for await (const chunk of file.createReadStream({ end: bytes - 1, autoClose: false })) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
