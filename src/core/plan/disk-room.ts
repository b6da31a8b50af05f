import { bytesText } from '../text/bytes.ts';
import { counted } from '../text/counted.ts';

/** What may still be written where a folder lies. */
export interface DiskRoom {
  readonly folder: string;
  readonly freeBytes: number;
  /** Absent where the file system has no limit of its own for files. */
  readonly freeFiles?: number;
}

/** What somebody needs of it. */
export interface RoomNeeded {
  readonly bytes: number;
  readonly files: number;
}

/** Why a disk has too little room, naming the folder, what is free, and what is needed; undefined where it has enough. */
export function roomProblem(
  purpose: string,
  { folder, freeBytes, freeFiles = Infinity }: DiskRoom,
  needed: RoomNeeded,
): string | undefined {
  if (freeBytes < needed.bytes)
    return `${purpose} needs ${bytesText(needed.bytes)} of disk, but ${folder} has ${bytesText(freeBytes)} free`;
  if (freeFiles < needed.files)
    return `${purpose} needs room for ${counted(needed.files, 'file')}, but the disk of ${folder} has room for ${freeFiles}`;
  return undefined;
}
