import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { roomProblem, type DiskRoom, type RoomNeeded } from '../../core/plan/disk-room.ts';

/** What an ordinary user may still write where `folder` lies or will lie. */
export function diskRoom(folder: string): DiskRoom {
  let existing = folder;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize, files, ffree } = statfsSync(existing);
  // Some file systems make inodes as they need them, and report none.
  return { folder, freeBytes: bavail * bsize, ...(files === 0 ? {} : { freeFiles: ffree }) };
}

/** The first of these folders whose disk has too little room, in words; undefined where all have enough. */
export function tightDisk(purpose: string, folders: readonly string[], needed: RoomNeeded): string | undefined {
  for (const folder of folders) {
    const problem = roomProblem(purpose, diskRoom(folder), needed);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** @throws Error naming the folder, what is free and what is needed, when it is too little */
export function requireRoom(purpose: string, folder: string, needed: RoomNeeded): void {
  const problem = tightDisk(purpose, [folder], needed);
  if (problem !== undefined) throw new Error(problem);
}

const DISK_CODES: readonly unknown[] = ['ENOSPC', 'EDQUOT', 'EROFS'];
/** SQLite's code for the same. */
const SQLITE_FULL = 13;

/** Whether a call failed because a disk is full, or cannot be written any more. */
export function isDiskError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, errcode, cause } = error as {
    readonly code?: unknown;
    readonly errcode?: unknown;
    readonly cause?: unknown;
  };
  return DISK_CODES.includes(code) || errcode === SQLITE_FULL || isDiskError(cause);
}
