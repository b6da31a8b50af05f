import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { devNull } from 'node:os';
import { STDIN_POLL_MS } from '../../core/plan/limits.ts';

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
 * and opening it may be an act of its own. `/dev/null` is an empty file.
 * @throws TooLarge; Error that says what else it is; the error of a file that cannot be read
 */
export function readLimitedFile(path: string, limitBytes: number): string {
  return path === devNull ? '' : read(path, limitBytes, undefined);
}

/**
 * The same of a file that was typed in a shell, which may be a pipe of it: `<(command)`.
 * @param pipeMs how long a pipe may take to its end
 */
export function readTypedFile(path: string, limitBytes: number, pipeMs: number): string {
  return path === devNull ? '' : read(path, limitBytes, performance.now() + pipeMs);
}

function read(path: string, limitBytes: number, pipeUntilMs: number | undefined): string {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    const isPipe = stat.isFIFO() && pipeUntilMs !== undefined;
    if (!stat.isFile() && !isPipe) throw new Error(`${path} is ${kindOf(stat)}; allowed: a plain file`);
    if (stat.size > limitBytes) throw new TooLarge(path, limitBytes);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const count = isPipe ? readPipe(file, chunk, path, pipeUntilMs) : readSync(file, chunk);
      if (count === 0) return Buffer.concat(chunks).toString('utf8');
      bytes += count;
      if (bytes > limitBytes) throw new TooLarge(path, limitBytes);
      chunks.push(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}

/** What a pipe has next, in bytes; 0 at its end. */
function readPipe(pipe: number, chunk: Buffer, path: string, untilMs: number): number {
  for (;;) {
    try {
      return readSync(pipe, chunk);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EAGAIN') throw cause;
      if (performance.now() > untilMs) throw new Error(`${path} is a pipe that does not end`, { cause });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STDIN_POLL_MS);
    }
  }
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'a folder';
  return stat.isFIFO() ? 'a pipe' : 'a device';
}
