import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of a test, which it may fill up. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes all bytes that are free. */
  readonly fill: () => void;
  /** Makes it as small as what is on it, with some bytes to spare: full at once, however large it was. */
  readonly shrink: (spareBytes: number) => void;
  /** Makes it read-only. A file that is open for writing prevents that. */
  readonly seal: () => void;
  /** Takes all files that are free. */
  readonly fillFiles: () => void;
  /** Gives back what the two took. */
  readonly free: () => void;
  /** Unmounts it. */
  readonly close: () => void;
}

/** Why no file system can be mounted here; undefined where one can. */
export const NO_MOUNT: string | undefined =
  process.getuid?.() === 0 && existsSync('/proc/filesystems') ? undefined : 'only root mounts a tmpfs';

/** Mounts a tmpfs. @param options as of mount, e.g. `size=1m,nr_inodes=50` @param folder where; by default a folder of its own */
export function smallDisk(options: string, folder?: string): SmallDisk {
  const isOwn = folder === undefined;
  const at = folder ?? mkdtempSync(join(tmpdir(), 'belay-disk-'));
  mkdirSync(at, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'belay-test', at]);
  const ballast = join(at, 'ballast.tmp');
  const free = (): void => rmSync(ballast, { recursive: true, force: true });
  return {
    folder: at,
    fill() {
      mkdirSync(ballast, { recursive: true });
      writeUntilFull(join(ballast, 'bytes'));
    },
    shrink(spareBytes) {
      const { blocks, bfree, bsize } = statfsSync(at);
      execFileSync('mount', ['-o', `remount,size=${(blocks - bfree) * bsize + spareBytes}`, at]);
    },
    seal: () => void execFileSync('mount', ['-o', 'remount,ro', at]),
    fillFiles() {
      mkdirSync(ballast, { recursive: true });
      for (let file = 0; tried(() => writeFileSync(join(ballast, `file-${file}`), '')); file++);
    },
    free,
    close() {
      execFileSync('umount', ['--lazy', at]);
      if (isOwn) rmSync(at, { recursive: true, force: true });
    },
  };
}

function writeUntilFull(path: string): void {
  const file = openSync(path, 'a');
  for (let size = 4 * 1024 * 1024; size >= 1; size = Math.floor(size / 4)) {
    const block = Buffer.alloc(size);
    while (tried(() => writeSync(file, block)));
  }
  closeSync(file);
}

/** Whether it worked. A disk that is full says so; anything else is an error. */
function tried(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw cause;
  }
}
