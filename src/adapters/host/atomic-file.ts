import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** How a file is written. */
export interface WriteOptions {
  /** Permissions of the file. */
  readonly mode?: number;
  /** False: the folder must exist, e.g. because a teardown may have removed it. */
  readonly createFolder?: boolean;
}

/**
 * Replaces a text file by a temporary file and a rename: a reader sees the old text or the new one, never a part. This
 * survives a killed process, not a power failure: there is no fsync, because what the files describe (processes,
 * clusters) does not survive one either, and a flush takes longer than most of what is recorded.
 * @throws Error with code ENOENT when the folder must exist and does not
 */
export function writeTextFile(path: string, text: string, { mode, createFolder = true }: WriteOptions = {}): void {
  if (createFolder) mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, text, mode === undefined ? {} : { mode });
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  }
}

/** Replaces a JSON file the same way. NaN and infinities, which JSON does not have, become null. */
export function writeJsonFile(path: string, value: unknown, options: WriteOptions = {}): void {
  writeTextFile(path, `${JSON.stringify(value, undefined, 2)}\n`, options);
}

/** A JSON file's value; undefined when there is no such file. @throws SyntaxError when it is not JSON */
export function readJsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}
