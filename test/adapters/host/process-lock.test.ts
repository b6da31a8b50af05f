import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { tryProcessLock, withProcessLock } from '../../../src/adapters/host/process-lock.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-lock-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a lock that is held is refused until it is given back', () => {
  const path = join(folder, 'held');
  const first = tryProcessLock(path);
  expect(first?.isHeld()).toBe(true);
  expect(tryProcessLock(path)).toBeUndefined();
  first?.release();
  const second = tryProcessLock(path);
  expect(second?.isHeld()).toBe(true);
  expect(first?.isHeld()).toBe(false);
  // Giving back what is held by another by now changes nothing.
  first?.release();
  expect(second?.isHeld()).toBe(true);
  second?.release();
  expect(readdirSync(folder)).not.toContain('held');
});

test.each([
  ['a pid that does not exist', JSON.stringify({ pid: 4_194_304, startTicks: '1', token: 'x' })],
  ['a pid that belongs to another now', JSON.stringify({ pid: process.pid, startTicks: '1', token: 'x' })],
  ['half a file', '{"pid": 1'],
])('a lock left behind by %s is taken over', (_what, content) => {
  const path = join(folder, 'left');
  writeFileSync(path, content);
  const lock = tryProcessLock(path);
  expect(lock?.isHeld()).toBe(true);
  lock?.release();
  expect(readdirSync(folder)).toEqual([]);
});

test('work under a lock never overlaps, and waiting for it ends with the signal', async () => {
  const path = join(folder, 'work');
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((done) => setTimeout(done, 5));
    inside -= 1;
  };
  const signal = AbortSignal.timeout(30_000);
  await Promise.all(Array.from({ length: 5 }, () => withProcessLock(path, { signal }, work)));
  expect(most).toBe(1);

  const lock = tryProcessLock(path);
  const waiting = withProcessLock(path, { signal: AbortSignal.timeout(20) }, work);
  await expect(waiting).rejects.toThrow(/abort/i);
  lock?.release();
});

test('a wait is reported and bounded, and the message names the holder', async () => {
  const path = join(folder, 'bounded');
  const lock = tryProcessLock(path);
  let waits = 0;
  const waiting = withProcessLock(path, { waitMs: 1, onWait: () => (waits += 1) }, () => Promise.resolve());
  await expect(waiting).rejects.toThrow(`process ${process.pid} has held ${path} for 0.001 s`);
  expect(waits).toBeGreaterThan(0);
  lock?.release();
});

test('the lock is released when the work fails', async () => {
  const path = join(folder, 'failed');
  const run = withProcessLock(path, { waitMs: 0 }, () => Promise.reject(new Error('the work failed')));
  await expect(run).rejects.toThrow('the work failed');
  await expect(withProcessLock(path, { waitMs: 0 }, () => Promise.resolve('next'))).resolves.toBe('next');
});

test('the lock of a process that was killed is taken over at once', async () => {
  const path = join(folder, 'killed');
  const code = `
    import { tryProcessLock } from ${JSON.stringify(join(repositoryFolder, 'src/adapters/host/process-lock.ts'))};
    console.log(tryProcessLock(${JSON.stringify(path)}) === undefined ? 'refused' : 'held');
    setInterval(() => undefined, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module-typescript', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(holder.stdout, 'data')) as [Buffer];
  expect(String(said)).toContain('held');
  expect(tryProcessLock(path)).toBeUndefined();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await expect(withProcessLock(path, { waitMs: 0 }, () => Promise.resolve('mine'))).resolves.toBe('mine');
});
