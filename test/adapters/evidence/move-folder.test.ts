import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { moveFolder } from '../../../src/adapters/evidence/move-folder.ts';

/** A file system in memory, where there is one beside that of the temporary folder. */
const MEMORY = '/dev/shm';
const twoFileSystems = existsSync(MEMORY) && statSync(MEMORY).dev !== statSync(tmpdir()).dev;

describe.each([
  ['the same file system', tmpdir(), true],
  ['another file system', MEMORY, twoFileSystems],
])('moveFolder to %s', (_what, base, possible) => {
  let from: string;
  let there: string;
  let to: string;

  beforeEach((context) => {
    context.skip(!possible);
    from = mkdtempSync(join(tmpdir(), 'belay-move-'));
    there = mkdtempSync(join(base, 'belay-move-'));
    to = join(there, 'to');
    mkdirSync(join(from, 'block'));
    for (const name of ['block/index', 'meta']) writeFileSync(join(from, name), name);
    return () => {
      for (const folder of [from, there]) rmSync(folder, { recursive: true, force: true });
    };
  });

  it('moves all of it', async () => {
    await moveFolder(from, to, new AbortController().signal);
    expect(readFileSync(join(to, 'block', 'index'), 'utf8')).toBe('block/index');
    expect(existsSync(from)).toBe(false);
  });
});

describe.runIf(twoFileSystems)('a move to another file system that does not come to its end', () => {
  let from: string;
  let to: string;

  beforeEach(() => {
    from = mkdtempSync(join(tmpdir(), 'belay-move-'));
    to = mkdtempSync(join(MEMORY, 'belay-move-'));
    writeFileSync(join(from, 'a'), 'a');
  });
  afterEach(() => {
    for (const folder of [from, to]) rmSync(folder, { recursive: true, force: true });
  });

  it('stops when the caller does, and leaves nothing half', async () => {
    const signal = AbortSignal.abort(new Error('out of time'));
    await expect(moveFolder(from, join(to, 'to'), signal)).rejects.toThrow('out of time');
    expect(existsSync(join(to, 'to'))).toBe(false);
    expect(existsSync(join(from, 'a'))).toBe(true);
  });

  it('leaves nothing half where a file cannot be copied', async () => {
    execFileSync('mkfifo', [join(from, 'z')]);
    await expect(moveFolder(from, join(to, 'to'), new AbortController().signal)).rejects.toThrow('FIFO');
    expect(existsSync(join(to, 'to'))).toBe(false);
  });
});
