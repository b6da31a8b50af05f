import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inTestRoom } from '../../src/cli/test-room.ts';
import { NO_MOUNT } from '../small-disk.ts';

/** A run of tests whose test has started a process, which left its session, and has mounted a disk. Argument "end": it ends by itself. */
const [, , how] = process.argv;
await inTestRoom(async ({ folder }) => {
  const env = { ...process.env, TMPDIR: folder };
  const left = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env });
  left.unref();
  if (NO_MOUNT === undefined) {
    mkdirSync(join(folder, 'disk'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'belay-test', join(folder, 'disk')]);
  }
  console.log(`room ${folder} process ${left.pid ?? 0}`);
  if (how === 'end') return;
  await new Promise<void>((resolve) => spawn('sleep', ['600'], { stdio: 'ignore', env }).once('exit', () => resolve()));
});
