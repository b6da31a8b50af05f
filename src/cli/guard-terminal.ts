import { format } from 'node:util';
import { safeForTerminal } from '../core/text/terminal.ts';

/**
 * Makes all that this process prints safe for a terminal. The live display writes to standard error by itself, because it has to move the
 * cursor; its texts are made safe where they become lines.
 */
export function guardTerminal(): void {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = (chunk: string | Uint8Array, ...rest: []) =>
    write(typeof chunk === 'string' ? safeForTerminal(chunk) : chunk, ...rest);
  console.error = (...what: unknown[]) => {
    stderr.write(`${safeForTerminal(format(...what))}\n`);
  };
}
