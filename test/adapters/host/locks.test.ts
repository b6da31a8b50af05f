import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { repositoryFolder } from '../../../src/adapters/host/folders.ts';
import { withLock } from '../../../src/adapters/host/locks.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belay-locks-'));
  path = join(folder, 'deep', 'thing');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('one holder at a time, whatever the order of arrival; all get their turn', async () => {
  let inside = 0;
  let most = 0;
  let turns = 0;
  const turn = (): Promise<void> =>
    withLock(path, { waitMs: 60_000 }, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await sleep(10);
      inside -= 1;
      turns += 1;
    });
  await Promise.all([turn(), turn(), turn(), turn()]);
  expect({ most, turns }).toEqual({ most: 1, turns: 4 });
  expect(existsSync(`${path}.lock`)).toBe(false);
});

test('it is given back when the work fails, and the failure comes through', async () => {
  const run = withLock(path, { waitMs: 0 }, () => Promise.reject(new Error('the work failed')));
  await expect(run).rejects.toThrow('the work failed');
  await expect(withLock(path, { waitMs: 0 }, () => Promise.resolve('next'))).resolves.toBe('next');
});

test('waiting is told, bounded, and can be stopped', async () => {
  await withLock(path, { waitMs: 0 }, async () => {
    let told = 0;
    const bounded = withLock(path, { waitMs: 300, onWait: () => (told += 1) }, () => Promise.resolve());
    await expect(bounded).rejects.toThrow(/another process has held .*thing\.lock/);
    expect(told).toBeGreaterThan(0);
    const stop = new AbortController();
    const stopped = withLock(
      path,
      { waitMs: 60_000, signal: stop.signal, onWait: () => stop.abort(new Error('stopped by hand')) },
      () => Promise.resolve(),
    );
    await expect(stopped).rejects.toThrow();
  });
});

test('the lock of a process that was killed is taken over', async () => {
  const code = `
    import { withLock } from ${JSON.stringify(join(repositoryFolder, 'src/adapters/host/locks.ts'))};
    await withLock(${JSON.stringify(path)}, { waitMs: 0 }, () => new Promise(() => { console.log('held'); setInterval(() => undefined, 1000); }));`;
  const holder = spawn(process.execPath, ['--input-type=module-typescript', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(existsSync(`${path}.lock`)).toBe(true);
  await expect(withLock(path, { waitMs: 60_000 }, () => Promise.resolve('mine'))).resolves.toBe('mine');
});
