import { execa } from 'execa';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTicksOf } from '../../src/adapters/host/processes.ts';

const CHILD = join(import.meta.dirname, 'room-child.ts');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-rooms-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs tests, and stops them by a signal as soon as they have started something. */
async function stopped(
  signal: NodeJS.Signals | undefined,
): Promise<{ readonly exitCode: number; readonly pid: number }> {
  const env = { ...process.env, TMPDIR: folder };
  const child = execa(process.execPath, [CHILD, ...(signal === undefined ? ['end'] : [])], { env, reject: false });
  const pid = await new Promise<number>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const started = /^room (\S+) process (\d+)$/m.exec(text);
      if (started === null) return;
      expect(existsSync(started[1] ?? '')).toBe(true);
      if (signal !== undefined) child.kill(signal);
      resolve(Number(started[2]));
    });
  });
  const { exitCode } = await child;
  return { exitCode: exitCode ?? -1, pid };
}

test.for([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  [undefined, 0],
] as const)('tests that end by %s leave neither a process nor a folder nor a mount', async ([signal, code]) => {
  const { exitCode, pid } = await stopped(signal);
  expect(exitCode).toBe(code);
  expect(startTicksOf(pid)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(folder);
});

test('what a run that was killed has left is removed by the next one', async () => {
  const killed = await stopped('SIGKILL');
  expect(startTicksOf(killed.pid)).toBeDefined();
  expect(readdirSync(folder)).toHaveLength(1);
  await stopped(undefined);
  expect(startTicksOf(killed.pid)).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
});
