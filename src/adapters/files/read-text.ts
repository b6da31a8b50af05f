import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { MAX_FILE_BYTES } from '../../core/files/bounds.ts';
import type { FileError } from '../../core/files/file-error.ts';
import { STDIN_POLL_MS } from '../../core/plan/limits.ts';
import { otherKind } from '../host/plain-file.ts';

/** The text of a file, or why it cannot be read. */
export type TextRead =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly errors: readonly FileError[] };

/**
 * Reads a text file of at most `maxBytes`. Its size is known before it is read; pipes and devices, which may never end or never
 * begin, are not read at all, except for standard input: `-`.
 *
 * @param shown the file as the user named it, for messages
 * @param links refused: of a folder that may have been handed over by others, see `plain-file.ts`
 */
export function readTextFile(
  path: string,
  shown: string = path,
  links: 'followed' | 'refused' = 'followed',
  maxBytes: number = MAX_FILE_BYTES,
): TextRead {
  const refuse = (problem: string, found = '', allowed = ''): TextRead => ({
    ok: false,
    errors: [{ file: shown, line: 0, column: 0, path: '', problem, found, allowed }],
  });
  if (isStandardInput(path)) return readStandardInput(refuse, maxBytes);
  let file: number;
  const noLinks = links === 'refused' ? constants.O_NOFOLLOW : 0;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | noLinks);
  } catch (cause) {
    const other = links === 'refused' ? otherKind(path) : undefined;
    if (other !== undefined) return refuse(`${other}, not a file`, '', 'a plain file');
    const code = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    return refuse(WHY[code] ?? `cannot be read (${code})`);
  }
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) return refuse('a folder, not a file', '', 'a text file');
    if (!stat.isFile()) return refuse('not a plain file', '', 'a text file');
    if (stat.size > maxBytes) return refuse('too large', `${stat.size} bytes`, `at most ${maxBytes} bytes`);
    return { ok: true, text: textOf(readFileSync(file)) };
  } catch (cause) {
    return unreadable(cause, refuse);
  } finally {
    closeSync(file);
  }
}

/** What standard input is called in messages. */
export const STANDARD_INPUT = 'stdin';

/** Whether an argument of the command line means standard input. */
export function isStandardInput(path: string): boolean {
  return path === '-';
}

type Refuse = (problem: string, found?: string, allowed?: string) => TextRead;

function readStandardInput(refuse: Refuse, maxBytes: number): TextRead {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const chunk = nextChunk();
      if (chunk === undefined) return { ok: true, text: textOf(Buffer.concat(chunks)) };
      bytes += chunk.length;
      if (bytes > maxBytes) return refuse('too large', `more than ${maxBytes} bytes`, `at most ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    return unreadable(cause, refuse);
  }
}

/** What standard input has next; undefined at its end. A pipe that has nothing at the moment is waited for. */
function nextChunk(): Buffer | undefined {
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    try {
      const bytes = readSync(0, buffer);
      return bytes === 0 ? undefined : buffer.subarray(0, bytes);
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code;
      if (code === 'EOF') return undefined;
      if (code !== 'EAGAIN') throw cause;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STDIN_POLL_MS);
    }
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

function unreadable(cause: unknown, refuse: Refuse): TextRead {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return refuse('binary data, not text', 'bytes that are not UTF-8', 'text in UTF-8');
  return refuse(`cannot be read (${code})`);
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
