import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { readJsonFile, writeJsonFile } from '../host/atomic-file.ts';
import { listedFile, listFiles, pathsBelow, sha256OfBeginning, type ListedFile } from '../host/listed-files.ts';

const NAME = 'MANIFEST.json';

/**
 * Writes `MANIFEST.json`: every file of the evidence with its size and sha256. Files that are appended to (`.jsonl`, `.log`)
 * may grow afterwards; what is listed of them is their beginning.
 * @param throwIfSuperseded asked before it is written
 * @throws the signal's reason when it aborts, or what `throwIfSuperseded` throws; the manifest that was there stays
 */
export async function writeManifest(
  folder: string,
  signal?: AbortSignal,
  throwIfSuperseded: () => void = () => undefined,
): Promise<readonly ListedFile[]> {
  const files = await listFiles(folder, [NAME], signal);
  throwIfSuperseded();
  writeJsonFile(join(folder, NAME), { algorithm: 'sha256', files });
  return files;
}

/** Lists one file anew, because it was made again from the others. A folder without a list stays so. */
export async function relistFile(folder: string, path: string): Promise<void> {
  const manifest = readJsonFile(join(folder, NAME)) as { readonly files?: unknown } | null | undefined;
  if (!Array.isArray(manifest?.files)) return;
  const listed = await listedFile(folder, path);
  const others = (manifest.files as readonly (ListedFile | null)[]).filter(
    (file) => file !== null && file.path !== path,
  ) as readonly ListedFile[];
  const files = [...others, listed].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  writeJsonFile(join(folder, NAME), { algorithm: 'sha256', files });
}

/** What is not as the manifest says: a sentence for each file that is missing, changed or not listed. */
export async function manifestProblems(folder: string): Promise<readonly string[]> {
  const manifest = readJsonFile(join(folder, NAME)) as { readonly files?: readonly ListedFile[] } | undefined;
  if (manifest?.files === undefined) return [`there is no ${NAME} in ${folder}`];
  const present = new Set(await pathsBelow(folder));
  present.delete(NAME);
  const problems: string[] = [];
  for (const { path, bytes, sha256: expected } of manifest.files) {
    if (!present.delete(path)) {
      problems.push(`${path} is missing`);
      continue;
    }
    const { size } = await lstat(join(folder, path));
    const mayGrow = path.endsWith('.jsonl') || path.endsWith('.log');
    const whole = mayGrow ? size >= bytes : size === bytes;
    if (!whole || (await sha256OfBeginning(join(folder, path), bytes)) !== expected)
      problems.push(`${path} was changed`);
  }
  return [...problems, ...[...present].map((path) => `${path} is not listed`)];
}
