import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { bytesText } from '../../core/text/bytes.ts';

/*
 * Files of evidence. A run folder may have been handed over by others: a link in it leads to what is none of its evidence, and must not
 * get into a message, a report or a site that is published; a pipe is waited for, and a device or a very large file fills the memory.
 */

/** Something in a run folder is not read: it is no plain file, or too large. */
export class NotRead extends Error {
  override readonly name = 'NotRead';
  /** What it is, as the end of a sentence, e.g. `is a link; allowed: a plain file`. */
  readonly what: string;

  constructor(path: string, what: string) {
    super(`${path} ${what}`);
    this.what = what;
  }
}

/** A link is not followed, and a pipe without a writer is not waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * The content of a plain file.
 * @throws NotRead; the system's error where it cannot be read, e.g. ENOENT
 */
export function readPlainFile(path: string, limitBytes: number): Buffer {
  return withPlainFile(path, (file, { size }) => {
    if (size > limitBytes) throw new NotRead(path, `has ${bytesText(size)}; allowed: ${bytesText(limitBytes)}`);
    return readFileSync(file);
  });
}

/** Works with an opened plain file. @throws as `readPlainFile` */
export function withPlainFile<T>(path: string, work: (file: number, stat: Stats) => T): T {
  const file = opened(path);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw notPlain(path, kindOf(stat));
    return work(file, stat);
  } finally {
    closeSync(file);
  }
}

/** Opens a plain file to read it in pieces; the caller closes it. @throws as `readPlainFile` */
export async function openPlainFile(path: string): Promise<FileHandle> {
  const file = await open(path, FLAGS).catch((cause: unknown) => {
    throw whyNotOpened(path, cause);
  });
  const stat = await file.stat();
  if (stat.isFile()) return file;
  await file.close();
  throw notPlain(path, kindOf(stat));
}

/** Refuses what has the place of a folder and is none, e.g. a link out of the run folder. None at all is allowed. @throws NotRead */
export function requireFolder(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isDirectory()) throw new NotRead(path, `is ${kindOf(stat)}; allowed: a folder`);
}

/** What a path is, e.g. `a link`; undefined for a plain file, for nothing, and for what cannot be looked at. */
export function otherKind(path: string): string | undefined {
  const stat = looked(path);
  return stat === undefined || stat.isFile() ? undefined : kindOf(stat);
}

/** Whether a path is a plain file, and neither a link nor a pipe. False for what cannot be looked at. */
export function isPlainFile(path: string): boolean {
  return looked(path)?.isFile() === true;
}

function opened(path: string): number {
  try {
    return openSync(path, FLAGS);
  } catch (cause) {
    throw whyNotOpened(path, cause);
  }
}

/** Systems have several codes for a link that is not followed, and for a socket. */
function whyNotOpened(path: string, cause: unknown): unknown {
  const kind = otherKind(path);
  return kind === undefined ? cause : notPlain(path, kind);
}

function looked(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

function notPlain(path: string, kind: string): NotRead {
  return new NotRead(path, `is ${kind}; allowed: a plain file`);
}

function kindOf(stat: Stats): string {
  if (stat.isSymbolicLink()) return 'a link';
  if (stat.isDirectory()) return 'a folder';
  if (stat.isFIFO()) return 'a pipe';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}
