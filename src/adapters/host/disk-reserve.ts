import { randomFillSync } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { RESERVE_FILE_BYTES, RESERVE_FILES } from '../../core/plan/limits.ts';

/** Evidence is never listed, sent or stored below such a name. */
const NAME = 'reserve.tmp';

/**
 * Sets bytes and files aside in a folder, for what has to be written when somebody has filled its disk. Doing it again changes nothing.
 * @throws Error of the file system, when there is no room for it
 */
export function setAside(folder: string): void {
  const reserve = join(folder, NAME);
  if (existsSync(reserve)) return;
  // A file system that compresses would set nothing aside for zeros.
  const bytes = randomFillSync(Buffer.alloc(RESERVE_FILE_BYTES));
  try {
    makeFolder(reserve);
    for (let file = 0; file < RESERVE_FILES; file++) writeFileSync(join(reserve, String(file)), bytes);
  } catch (cause) {
    giveBack(folder);
    throw cause;
  }
}

/** Gives back what was set aside. On a disk that cannot be written any more it stays: nothing could use it. */
export function giveBack(folder: string): void {
  try {
    rmSync(join(folder, NAME), { recursive: true, force: true });
  } catch {
    // Node does not say in which way: the errors of this call have no code of the file system.
  }
}
