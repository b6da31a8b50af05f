import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ensureTemporal, stopDevServer } from '../../../src/adapters/temporal/dev-server.ts';
import { ensureTools } from '../../../src/adapters/toolchain/ensure-tools.ts';
import { freshStackHome } from './stack-home.ts';

const home = freshStackHome();

test('a database that a power failure has damaged is named, with what to do; one without a byte is made anew', async () => {
  const version = (await ensureTools(['temporal'])).get('temporal')?.version;
  const folder = join(home.folder, 'temporal');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `server-${version}.db`);
  writeFileSync(path, 'SQLite format 3\0, and then something else. '.repeat(200));
  await expect(ensureTemporal()).rejects.toThrow(
    /ended at once; its database .*\/temporal\/server-.*\.db cannot be used: .*(?:not a database|malformed).*; move it away/,
  );
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  writeFileSync(path, '');
  expect(await ensureTemporal()).toMatchObject({ startedByUs: true });
  await stopDevServer();
});
