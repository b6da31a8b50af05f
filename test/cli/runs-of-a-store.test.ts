import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listCommand } from '../../src/cli/list.ts';
import { logsCommand } from '../../src/cli/logs.ts';
import { reportCommand } from '../../src/cli/report.ts';
import { showCommand } from '../../src/cli/show.ts';
import { uploadRun } from '../../src/adapters/evidence/evidence-store.ts';
import { writeManifest } from '../../src/adapters/evidence/manifest.ts';
import { writeTextFile } from '../../src/adapters/host/atomic-file.ts';
import { specOf } from '../adapters/evidence/fixture.ts';
import { s3Server, useStore, type S3Server } from '../adapters/evidence/s3-server.ts';
import { dayMs, storeRun } from '../adapters/index/stored-runs.ts';
import { runCommand } from './run-command.ts';

let home = '';
let runs = '';
let server: S3Server;
const list = (...args: string[]): ReturnType<typeof runCommand> => runCommand(listCommand(), args);
const show = (...args: string[]): ReturnType<typeof runCommand> => runCommand(showCommand(), args);

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'belay-store-runs-'));
  runs = join(home, 'runs');
  vi.stubEnv('BELAY_HOME', join(home, 'state'));
  vi.stubEnv('BELAY_RUNS', runs);
  vi.stubEnv('NO_COLOR', '1');
  server = await s3Server();
  useStore(server, 'nightly');
});
afterEach(async () => {
  await server.close();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

/** A finished run that only the store has. */
async function inStore(id: string, day: number): Promise<void> {
  const folder = storeRun(runs, id, { startedAtMs: dayMs(day) });
  writeFileSync(join(folder, 'spec.json'), JSON.stringify(specOf([])));
  writeTextFile(join(folder, 'logs', 'kwok.log'), 'a line of kwok\n');
  await writeManifest(folder);
  const { signal } = new AbortController();
  await uploadRun({ campaign: id, folder, signal, budgetMs: 60_000 });
  rmSync(folder, { recursive: true });
}

it('lists runs that only the store has, and fetches what a command needs', async () => {
  await inStore('elsewhere-1', 1);
  await inStore('elsewhere-2', 2);
  await inStore('changed', 3);
  writeFileSync(server.file('nightly/changed/summary.json'), '{"runId":"changed","verdict":"pass"}');
  storeRun(runs, 'here', { startedAtMs: dayMs(3) });
  const { stdout, stderr } = await list();
  expect(stderr).toMatch(/^changed could not be fetched: .*announced/);
  expect(stdout).not.toMatch(/ changed /);
  expect(stdout).toMatch(/ here [^]* elsewhere-2 .* pass [^]* elsewhere-1 .* pass /);
  expect((await show('elsewhere-1')).stdout).toMatch(/^evidence +.*stored.*elsewhere-1$/m);
  const { stdout: report } = await runCommand(reportCommand(), ['elsewhere-1']);
  expect(report).toMatch(/\/elsewhere-1\/report\.html\n$/);
  expect((await runCommand(logsCommand(), ['elsewhere-2', 'kwok'])).stdout).toBe('a line of kwok\n');

  await expect(show('elsewhere-3')).rejects.toThrow(/found no stored run "elsewhere-3"; did you mean elsewhere-/);

  // What was fetched stays, also when the store is gone. A run that is here as well is the one that is here.
  await server.kill();
  storeRun(runs, 'elsewhere-2', { startedAtMs: dayMs(2), value: 9 });
  const later = await list();
  expect(later.stdout).toMatch(/elsewhere-2 .* fail [^]* elsewhere-1 .* pass /);
  expect(later.stderr).toContain('runs that are only in the store of evidence may be missing');
  vi.stubEnv('BELAY_EVIDENCE', '');
  vi.stubEnv('BELAY_EVIDENCE_ENDPOINT', '');
  expect((await list()).stdout).not.toContain('elsewhere-1');
});
