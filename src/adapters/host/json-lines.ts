import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { STORED_LINES_BYTES } from '../../core/plan/limits.ts';
import { makeFolder } from './make-folder.ts';
import { readPlainFile } from './plain-file.ts';

/** A file of one JSON value a line that is only ever appended to. */
export interface JsonLines<T> {
  /** Appends a value. One with the key of a line that is there already is left out: the attempt before wrote it. */
  append(value: T): void;
}

/** Opens one. Values that are in it already are known by their keys. */
export function openJsonLines<T>(path: string, keyOf: (value: T) => string): JsonLines<T> {
  makeFolder(dirname(path));
  const known = new Set((readJsonLines(path) as readonly T[]).map(keyOf));
  return {
    append(value) {
      const key = keyOf(value);
      if (known.has(key)) return;
      appendJsonLine(path, value);
      known.add(key);
    },
  };
}

/**
 * Appends a value as a line, with one call, so that two processes never mix theirs. A last line that a crash or a full
 * disk tore is closed off first, so that it costs only itself.
 */
export function appendJsonLine(path: string, value: unknown): void {
  const line = Buffer.from(`${isTorn(path) ? '\n' : ''}${JSON.stringify(value)}\n`);
  const file = openSync(path, 'a');
  const { size } = fstatSync(file);
  let written = 0;
  try {
    while (written < line.length) written += writeSync(file, line, written);
  } catch (cause) {
    // A full disk took a part of it. What another process has appended meanwhile stays, after a torn line.
    if (written > 0 && fstatSync(file).size === size + written) ftruncateSync(file, size);
    throw cause;
  } finally {
    closeSync(file);
  }
}

/** All values of such a file, in order; none when there is no file. Lines that were torn are left out. @throws as `readPlainFile` */
export function readJsonLines(path: string): readonly unknown[] {
  let text: string;
  try {
    text = readPlainFile(path, STORED_LINES_BYTES).toString('utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cause;
  }
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '') return [];
    try {
      return [JSON.parse(line) as unknown];
    } catch {
      return [];
    }
  });
}

function isTorn(path: string): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(file);
  }
}
