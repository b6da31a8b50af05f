import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

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
 * The text of a file that a configuration names: it may be a device that never ends, or the wrong one.
 * @throws TooLarge; the error of a file that cannot be read
 */
export function readLimitedFile(path: string, limitBytes: number): string {
  const file = openSync(path, 'r');
  try {
    if (fstatSync(file).size > limitBytes) throw new TooLarge(path, limitBytes);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      const read = readSync(file, chunk);
      if (read === 0) return Buffer.concat(chunks).toString('utf8');
      bytes += read;
      if (bytes > limitBytes) throw new TooLarge(path, limitBytes);
      chunks.push(chunk.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
}
