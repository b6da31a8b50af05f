import { lstatSync } from 'node:fs';

/**
 * Whether a path is a plain file, and neither a link nor a pipe. A run folder may have been handed over by others: what a link in it
 * leads to is not its evidence, and must not get into a site or a log that is published. False for what cannot be looked at.
 */
export function isPlainFile(path: string): boolean {
  try {
    return lstatSync(path).isFile();
  } catch {
    return false;
  }
}
