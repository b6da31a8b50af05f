import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
  await Promise.all(Array.from({ length: 5 }, () => withProcessLock(path, signal, work)));
  expect(most).toBe(1);

  const lock = tryProcessLock(path);
  const waiting = withProcessLock(path, AbortSignal.timeout(20), work);
  await expect(waiting).rejects.toThrow(/abort/i);
  lock?.release();
});
