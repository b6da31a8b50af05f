import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** How often a folder above is made that another process removes meanwhile. */
const TRIES = 3;

/**
 * Makes a folder and those above it. One that exists is left as it is. Node's own way, `recursive: true`, never returns where nothing
 * can be made, such as below `/proc` and `/dev/null`.
 * @param mode permissions of every folder that is made
 * @throws Error with the system's code (ENOENT, ENOTDIR, EEXIST, EACCES, EROFS, ...) that names the whole path
 */
export function makeFolder(path: string, mode?: number): void {
  try {
    made(path, mode);
  } catch (cause) {
    const { code, errno, message } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    const [reason = ''] = message.split(/, (?:mkdir|stat) /);
    throw Object.assign(new Error(`${reason}, mkdir '${path}'`, { cause }), { code, errno, syscall: 'mkdir', path });
  }
}

function made(path: string, mode: number | undefined): void {
  for (let left = TRIES; !isFolder(path); left -= 1) {
    try {
      mkdirSync(path, mode);
      return;
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      // Another process has made it meanwhile.
      if (code === 'EEXIST' && isFolder(path)) return;
      if (code !== 'ENOENT' || left === 0 || dirname(path) === path) throw cause;
    }
    made(dirname(path), mode);
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
