import { readSync } from 'node:fs';
import { messageOf } from '../../core/text/message-of.ts';
import { withPlainFile } from './plain-file.ts';

const TAIL_BYTES = 16_384;

/** The last lines of a log file, for an error message; a sentence when there is nothing. Reads at most its last 16 KB. */
export function logTail(path: string, lines = 20): string {
  try {
    return withPlainFile(path, (file, { size }) => {
      const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
      readSync(file, buffer, 0, buffer.length, size - buffer.length);
      const text = buffer.toString('utf8').trimEnd();
      return text === '' ? `(${path} is empty)` : text.split('\n').slice(-lines).join('\n');
    });
  } catch (cause) {
    return `(${path} cannot be read: ${messageOf(cause)})`;
  }
}
