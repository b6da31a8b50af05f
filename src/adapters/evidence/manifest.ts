import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { readJsonFile, writeJsonFile } from '../host/atomic-file.ts';

const NAME = 'MANIFEST.json';

/** One file of the evidence: path from its folder, size and sha256 in hex. */
export interface ManifestEntry {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Writes `MANIFEST.json`: every file of the evidence with its size and sha256. Files that are appended to (`.jsonl`, `.log`)
 * may grow afterwards; what is listed of them is their beginning.
 * @throws the signal's reason when it aborts; the manifest that was there stays
 */
export async function writeManifest(folder: string, signal?: AbortSignal): Promise<readonly ManifestEntry[]> {
  const files: ManifestEntry[] = [];
  for (const path of await filesOf(folder)) {
    signal?.throwIfAborted();
    const { size } = await lstat(join(folder, path));
    files.push({ path, bytes: size, sha256: await sha256(join(folder, path), size, signal) });
  }
  writeJsonFile(join(folder, NAME), { algorithm: 'sha256', files });
  return files;
}

/** What is not as the manifest says: a sentence for each file that is missing, changed or not listed. */
export async function manifestProblems(folder: string): Promise<readonly string[]> {
  const manifest = readJsonFile(join(folder, NAME)) as { readonly files?: readonly ManifestEntry[] } | undefined;
  if (manifest?.files === undefined) return [`there is no ${NAME} in ${folder}`];
  const present = new Set(await filesOf(folder));
  const problems: string[] = [];
  for (const { path, bytes, sha256: expected } of manifest.files) {
    if (!present.delete(path)) {
      problems.push(`${path} is missing`);
      continue;
    }
    const { size } = await lstat(join(folder, path));
    const mayGrow = path.endsWith('.jsonl') || path.endsWith('.log');
    const whole = mayGrow ? size >= bytes : size === bytes;
    if (!whole || (await sha256(join(folder, path), bytes)) !== expected) problems.push(`${path} was changed`);
  }
  return [...problems, ...[...present].map((path) => `${path} is not listed`)];
}

/** Paths of all files below a folder but the manifest and what is not finished (`.tmp`), in order, with `/`. Links are not followed. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path !== NAME && !path.split('/').some((part) => part.endsWith('.tmp')))
    .sort();
}

async function sha256(path: string, bytes: number, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  if (bytes === 0) return hash.digest('hex');
  for await (const chunk of createReadStream(path, { end: bytes - 1 })) {
    signal?.throwIfAborted();
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}
