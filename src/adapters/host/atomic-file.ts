import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { STORED_FILE_BYTES } from '../../core/plan/limits.ts';
import { makeFolder } from './make-folder.ts';
import { readPlainFile } from './plain-file.ts';

/** How a file is written. */
export interface WriteOptions {
  /** Permissions of the file. */
  readonly mode?: number;
  /** False: the folder must exist, e.g. because a teardown may have removed it. */
  readonly createFolder?: boolean;
  /** The file is to survive a power failure: what it describes does. */
  readonly durable?: boolean;
}

/**
 * Replaces a text file by a temporary file and a rename: a reader sees the old text or the new one, never a part. This
 * survives a killed process, and a power failure only where that is asked for: what most files describe (processes, local
 * clusters) does not survive one either, and a flush takes longer than most of what is recorded.
 * @throws Error with code ENOENT when the folder must exist and does not
 */
export function writeTextFile(
  path: string,
  text: string,
  { mode, createFolder = true, durable = false }: WriteOptions = {},
): void {
  if (createFolder) makeFolder(dirname(path));
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, text, { flush: durable, ...(mode === undefined ? {} : { mode }) });
    renameSync(temporary, path);
    if (durable) flushFolder(dirname(path));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
}

/** Makes a rename in a folder survive a power failure. */
function flushFolder(folder: string): void {
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

/** Replaces a JSON file the same way. NaN and infinities, which JSON does not have, become null. */
export function writeJsonFile(path: string, value: unknown, options: WriteOptions = {}): void {
  writeTextFile(path, `${JSON.stringify(value, undefined, 2)}\n`, options);
}

/** A JSON file's value; undefined when there is no such file. @throws SyntaxError when it is not JSON; as `readPlainFile` */
export function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readPlainFile(path, STORED_FILE_BYTES).toString('utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}
