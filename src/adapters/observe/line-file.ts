import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** The first line of a file; empty when the file is empty. @throws Error of the file system */
export function firstLine(path: string): string {
  for (const line of linesOf(path, Infinity)) return line;
  return '';
}

/**
 * The lines in the first `bytes` of a file, which is never in memory as a whole. A line that does not end there counts.
 * @throws Error of the file system
 */
export function* linesOf(path: string, bytes: number): Generator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for (const chunk of chunksOf(path, bytes)) {
    const text = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, from)) {
      yield text.toString('utf8', from, end);
      from = end + 1;
    }
    rest = text.subarray(from);
  }
  if (rest.length > 0) yield rest.toString();
}

/** Size of the part of a file that consists of whole lines. @throws Error of the file system */
export function wholeLineBytes(path: string): number {
  let [read, whole] = [0, 0];
  for (const chunk of chunksOf(path, Infinity)) {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last >= 0) whole = read + last + 1;
    read += chunk.length;
  }
  return whole;
}

/** Pieces of a file, each of which is overwritten by the next. */
function* chunksOf(path: string, bytes: number): Generator<Buffer> {
  const file = openSync(path, 'r');
  try {
    const size = Math.min(bytes, fstatSync(file).size);
    const buffer = Buffer.alloc(Math.min(size, CHUNK_BYTES));
    for (let at = 0; at < size;) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, size - at), at);
      if (read === 0) return;
      at += read;
      yield buffer.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}
