import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, vi } from 'vitest';
import { stopStack } from '../../../src/adapters/temporal/stack-users.ts';

/** The stand-in for `node src/worker.ts`. */
export const fakeWorker = { file: process.execPath, args: [fileURLToPath(new URL('fake-worker.ts', import.meta.url))] };

/** Gives each test a state folder of its own and no server by TEMPORAL_*; takes down what is up in it afterwards. */
export function freshStackHome(): { readonly folder: string } {
  const home = { folder: '' };
  beforeEach(() => {
    home.folder = mkdtempSync(join(tmpdir(), 'belay-stack-'));
    vi.stubEnv('BELAY_HOME', home.folder);
    for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) vi.stubEnv(name, undefined);
  });
  afterEach(async () => {
    vi.stubEnv('BELAY_HOME', home.folder);
    await stopStack();
    vi.unstubAllEnvs();
    rmSync(home.folder, { recursive: true, force: true });
  });
  return home;
}
