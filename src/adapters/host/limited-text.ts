import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { devNull } from 'node:os';
import { PIPE_WRITER_MS, STDIN_POLL_MS } from '../../core/plan/limits.ts';

/** Something that was read is larger than anything that is meant. Another attempt would only get it again. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';

  /** @param what what was read, as the subject of a sentence, e.g. `the answer` */
  constructor(what: string, limit: number, unit = 'bytes') {
    super(`${what} has more than ${limit} ${unit}, the most that is read`);
  }
}

const CHUNK_BYTES = 65_536;

/**
 * The text of a body that its sender may never end.
 * @param what as the subject of a sentence
 * @throws TooLarge, and the rest is not read; what reading the body throws
 */
export async function limitedText(body: AsyncIterable<unknown>, limitBytes: number, what: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += (chunk as Buffer).length;
    if (bytes > limitBytes) throw new TooLarge(what, limitBytes);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The text of a plain file that a configuration names. A pipe that has no writer, or a device, is not read: it may never begin or never end,
 * and opening it may be an act of its own. `/dev/null` is an empty file, by whatever name.
 * @throws TooLarge; Error that says what else it is; the error of a file that cannot be read
 */
export function readLimitedFile(path: string, limitBytes: number): string {
  return read(path, limitBytes, undefined);
}

/**
 * The same of a file that was typed in a shell, which may be a pipe of it: `<(command)`.
 * @param pipeMs how long a pipe may take to its end. One that has no writer for a second is empty.
 */
export function readTypedFile(path: string, limitBytes: number, pipeMs: number): string {
  return read(path, limitBytes, pipeMs);
}

function read(path: string, limitBytes: number, pipeMs: number | undefined): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (isNull(stat)) return '';
    const pipe = stat.isFIFO() && pipeMs !== undefined ? pipeReader(file, path, pipeMs) : undefined;
    if (!stat.isFile() && pipe === undefined) throw new Error(`${path} is ${kindOf(stat)}; allowed: a plain file`);
    if (stat.size > limitBytes) throw new TooLarge(path, limitBytes);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const count = pipe === undefined ? readSync(file, chunk) : pipe(chunk);
      if (count === 0) return Buffer.concat(chunks).toString('utf8');
      bytes += count;
      if (bytes > limitBytes) throw new TooLarge(path, limitBytes);
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}

/** Whether it is `/dev/null`, which may have other names and other files of the same device. */
function isNull(stat: Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === statSync(devNull).rdev;
}

/** @returns what reads a pipe's next bytes; 0 at its end, or while it has no writer and its time for one is over */
function pipeReader(pipe: number, path: string, pipeMs: number): (chunk: Buffer) => number {
  const startMs = performance.now();
  let hasBegun = false;
  return (chunk) => {
    for (;;) {
      const count = readWaiting(pipe, chunk);
      const ageMs = performance.now() - startMs;
      hasBegun ||= count !== 0;
      if (count === undefined && ageMs > pipeMs) throw new Error(`${path} is a pipe that does not end`);
      // Without a writer a pipe is at its end, too.
      if (count !== undefined && (hasBegun || ageMs >= Math.min(pipeMs, PIPE_WRITER_MS))) return count;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STDIN_POLL_MS);
    }
  };
}

/** Bytes that were read; undefined while a writer has it open and wrote nothing. */
function readWaiting(pipe: number, chunk: Buffer): number | undefined {
  try {
    return readSync(pipe, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a folder';
  return stat.isFIFO() ? 'a pipe' : 'a device';
}
