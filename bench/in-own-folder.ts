import { once } from 'node:events';
import { inTestRoom, SIGNALS } from '../src/cli/test-room.ts';

/**
 * Runs a bench whose temporary files, and those of its programs, are in one folder. One that is interrupted ends at once and leaves no
 * process, port or folder, as a run of tests does.
 *
 * @param bench its signal aborts at that moment: it must start nothing more
 */
export async function inOwnFolder(bench: (signal: AbortSignal) => Promise<void>): Promise<void> {
  await inTestRoom(async ({ folder }) => {
    process.env['TMPDIR'] = folder;
    const [over, stopped] = [new AbortController(), new AbortController()];
    const interrupted = SIGNALS.map((name) => once(process, name, { signal: over.signal }));
    try {
      await Promise.race([bench(stopped.signal), ...interrupted]);
    } finally {
      over.abort();
      stopped.abort();
    }
  });
}
