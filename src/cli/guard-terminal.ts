import { StringDecoder } from 'node:string_decoder';
import { format } from 'node:util';
import { safeForTerminal } from '../core/text/terminal.ts';

/**
 * Makes all that this process prints safe for a terminal. The live display writes to standard error by itself, because it has to move the
 * cursor; its texts are made safe where they become lines. Bytes are read as UTF-8: logs of a campaign come so.
 */
export function guardTerminal(): void {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  const decoder = new StringDecoder('utf8');
  stdout.write = (chunk: string | Uint8Array, ...rest: []) =>
    write(safeForTerminal(typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk))), ...rest);
  console.error = (...what: unknown[]) => {
    stderr.write(`${safeForTerminal(format(...what))}\n`);
  };
}
