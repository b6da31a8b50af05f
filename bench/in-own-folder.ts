import { once } from 'node:events';
import { inTestRoom, SIGNALS } from '../src/cli/test-room.ts';

/**
 * Runs a bench whose temporary files, and those of its programs, are in one folder. One that is interrupted ends at once and leaves no
 * process, port or folder, as a run of tests does.
 */
export async function inOwnFolder(bench: () => Promise<void>): Promise<void> {
  await inTestRoom(async ({ folder }) => {
    process.env['TMPDIR'] = folder;
    const over = new AbortController();
    const interrupted = SIGNALS.map((name) => once(process, name, { signal: over.signal }));
    try {
      await Promise.race([bench(), ...interrupted]);
    } finally {
      over.abort();
    }
  });
}
