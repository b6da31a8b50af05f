import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { MAX_FILE_BYTES } from '../../core/files/bounds.ts';
import type { FileError } from '../../core/files/file-error.ts';

/** The text of a file, or why it cannot be read. */
export type TextRead =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly errors: readonly FileError[] };

/**
 * Reads a text file of at most 1 MiB. Its size is known before it is read; pipes and devices, which may never end or never
 * begin, are not read at all.
 *
 * @param shown the file as the user named it, for messages
 */
export function readTextFile(path: string, shown: string = path): TextRead {
  const refuse = (problem: string, found = '', allowed = ''): TextRead => ({
    ok: false,
    errors: [{ file: shown, line: 0, column: 0, path: '', problem, found, allowed }],
  });
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    return refuse(WHY[code] ?? `cannot be read (${code})`);
  }
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) return refuse('a folder, not a file', '', 'a YAML file');
    if (!stat.isFile()) return refuse('not a plain file', '', 'a YAML file');
    if (stat.size > MAX_FILE_BYTES) return refuse('too large', `${stat.size} bytes`, `at most ${MAX_FILE_BYTES} bytes`);
    const bytes = readFileSync(file);
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
      return refuse('binary data, not text', 'bytes that are not UTF-8', 'text in UTF-8');
    return refuse(`cannot be read (${code})`);
  } finally {
    closeSync(file);
  }
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  ELOOP: 'a link in a circle',
  ENAMETOOLONG: 'the path is too long',
  ENXIO: 'not a plain file',
};
