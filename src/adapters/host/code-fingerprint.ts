import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFolder } from './folders.ts';

/**
 * Changes whenever a source file of this checkout or its packages change: by names, sizes and times of change, so that it
 * takes milliseconds.
 */
export function codeFingerprint(): string {
  const hash = createHash('sha256');
  const source = join(repositoryFolder, 'src');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  for (const path of [...files.sort().map((file) => join(source, file)), join(repositoryFolder, 'package-lock.json')]) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}
