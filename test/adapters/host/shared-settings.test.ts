import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTicksOf } from '../../../src/adapters/host/processes.ts';
import { shareSettings } from '../../../src/adapters/host/shared-settings.ts';

const usual = { CLUSTERS: '4', ADDRESS: 'b' };

let home: string;
let other: ChildProcess;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'belay-settings-'));
  vi.stubEnv('BELAY_HOME', home);
  other = spawn('sleep', ['600']);
});

afterEach(() => {
  vi.unstubAllEnvs();
  other.kill('SIGKILL');
  rmSync(home, { recursive: true, force: true });
});

function id({ pid = 0 }: { readonly pid?: number | undefined }): { readonly pid: number; readonly startTicks: string } {
  return { pid, startTicks: startTicksOf(pid) ?? '' };
}

test('the first worker of a host decides, and one that says nothing gets what it has', () => {
  expect(shareSettings(id(other), { CLUSTERS: '2' }, usual)).toEqual({ CLUSTERS: '2', ADDRESS: 'b' });
  expect(shareSettings(id(process), { CLUSTERS: undefined }, usual)).toEqual({ CLUSTERS: '2', ADDRESS: 'b' });
  expect(shareSettings(id(process), { CLUSTERS: '2', ADDRESS: 'b' }, usual)).toMatchObject({ CLUSTERS: '2' });
});

test('a worker with another setting is refused while one lives, with both values', async () => {
  shareSettings(id(other), {}, usual);
  expect(() => shareSettings(id(process), { CLUSTERS: '9' }, usual)).toThrow(
    `CLUSTERS: found "9"; allowed: "4", which the worker with pid ${other.pid} of this host has`,
  );
  other.kill('SIGKILL');
  await once(other, 'exit');
  expect(shareSettings(id(process), { CLUSTERS: '9' }, usual)).toMatchObject({ CLUSTERS: '9' });
});
