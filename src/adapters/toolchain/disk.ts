import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

const GB = 1e9;

/** Bytes an ordinary user may still write where `path` lies or will lie. */
export async function freeBytes(path: string): Promise<number> {
  let existing = path;
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

/** @throws Error naming the folder, what is free and what is needed, when it is too little */
export async function requireFree(path: string, bytes: number, purpose: string): Promise<void> {
  const free = await freeBytes(path);
  if (free >= bytes) return;
  throw new Error(`${purpose} needs ${gigabytes(bytes)} of disk, but ${path} has ${gigabytes(free)} free`);
}

/** Bytes as a person reads them: `9.4 GB`. */
export function gigabytes(bytes: number): string {
  return `${(bytes / GB).toFixed(1)} GB`;
}
