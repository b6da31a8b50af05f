import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';

/** Whether a folder can be written, or made: by the nearest folder above it that exists. */
export function canWrite(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (!existsSync(at)) {
      if (dirname(at) === at) return false;
      continue;
    }
    return isFolderForFiles(at);
  }
}

/** Whether a path is absolute, and a folder in which this process may create files. */
export function isFolderForFiles(folder: string): boolean {
  try {
    if (!isAbsolute(folder) || !statSync(folder).isDirectory()) return false;
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
