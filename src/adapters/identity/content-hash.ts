import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** sha256 of a text, in lower-case hex. */
export function sha256OfText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * sha256 over paths and contents of files, in lower-case hex. It does not depend on where `folder` is, on times, or on the order
 * of the paths.
 * @param paths relative to `folder`: files, and folders with everything below them except `.git`
 * @throws Error when one of them cannot be read
 */
export function contentHash(folder: string, paths: readonly string[]): string {
  const hash = createHash('sha256');
  for (const path of paths.flatMap((one) => filesBelow(folder, one)).sort()) {
    const content = readFileSync(join(folder, path));
    // With its length: no two sets of files make the same stream of bytes.
    hash.update(`${JSON.stringify(path)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex');
}

function filesBelow(folder: string, path: string): readonly string[] {
  if (!statSync(join(folder, path)).isDirectory()) return [path];
  return readdirSync(join(folder, path), { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !file.split('/').includes('.git'));
}
