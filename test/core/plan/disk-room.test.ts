import { expect, test } from 'vitest';
import { roomProblem } from '../../../src/core/plan/disk-room.ts';

const needed = { bytes: 200_000_000, files: 1_000 };

test.each([
  ['enough', { freeBytes: 200_000_000, freeFiles: 1_000 }, undefined],
  ['a file system without a limit for files', { freeBytes: 3e9 }, undefined],
  ['no bytes', { freeBytes: 0, freeFiles: 9_999 }, 'a campaign needs 200 MB of disk, but /runs/c has 0 MB free'],
  ['some bytes', { freeBytes: 199_999_999 }, 'a campaign needs 200 MB of disk, but /runs/c has 199 MB free'],
  [
    'no files',
    { freeBytes: 3e9, freeFiles: 12 },
    'a campaign needs room for 1000 files, but the disk of /runs/c has room for 12',
  ],
] as const)('a disk with %s', (_, room, problem) => {
  expect(roomProblem('a campaign', { folder: '/runs/c', ...room }, needed)).toBe(problem);
});
