import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from './make-folder.ts';
import { pollUntil } from './poll-until.ts';
import { isAlive, startTicksOf } from './processes.ts';
import { PROCESS_POLL_MS } from '../../core/plan/limits.ts';

/** A lock that is held. */
export interface ProcessLock {
  /** False once another one holds it: its file was removed by hand, or had not been touched for too long. */
  isHeld(): boolean;
  release(): void;
}

interface Holder {
  readonly pid: number;
  readonly startTicks: string;
  readonly token: string;
}

/**
 * Takes a lock that belongs to this process: a file with pid and start ticks. One whose holder is dead is taken over at
 * once. Two calls in one process exclude each other too. Undefined when one that lives holds it.
 * @param staleMs one whose file was last touched longer ago is taken over, too, although its holder lives
 */
export function tryProcessLock(path: string, staleMs = Infinity): ProcessLock | undefined {
  makeFolder(dirname(path));
  const token = randomUUID();
  const mine = `${path}.${token}`;
  const holder: Holder = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '', token };
  try {
    writeFileSync(mine, JSON.stringify(holder));
    if (!linked(mine, path) && !(clearedOfTheDead(path, token, staleMs) && linked(mine, path))) return undefined;
  } finally {
    rmSync(mine, { force: true });
  }
  const isHeld = (): boolean => holderIn(textOf(path))?.token === token;
  return {
    isHeld,
    release: () => {
      if (isHeld()) rmSync(path, { force: true });
    },
  };
}

/** How to wait for a lock. */
export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for another holder, ms; absent = until the signal aborts. */
  readonly waitMs?: number;
  /** Called whenever the lock was found held by another. */
  readonly onWait?: ((elapsedMs: number) => void) | undefined;
}

/**
 * Waits for a lock, runs `work` under it, and releases it.
 * @throws Error naming the lock and its holder when it is not free within `waitMs`; the signal's reason when it aborts first
 */
export async function withProcessLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const { signal, waitMs = Infinity, onWait } = options;
  const beganAtMs = performance.now();
  const lock = await pollUntil({ everyMs: PROCESS_POLL_MS, signal, budgetMs: waitMs }, () => {
    const taken = tryProcessLock(path);
    if (taken === undefined) onWait?.(performance.now() - beganAtMs);
    return taken;
  });
  if (lock === undefined) throw heldByAnother(path, waitMs);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * The same for work of a few milliseconds that must not be interleaved with anything else in this process: it waits
 * without giving way.
 * @throws Error naming the lock and its holder when it is not free within `limitMs`
 */
export function withProcessLockSync<T>(path: string, limitMs: number, work: () => T): T {
  const untilMs = performance.now() + limitMs;
  const clock = new Int32Array(new SharedArrayBuffer(4));
  let lock = tryProcessLock(path);
  while (lock === undefined) {
    if (performance.now() > untilMs) throw heldByAnother(path, limitMs);
    // Of uneven length, so that two who wait do not keep each other out.
    Atomics.wait(clock, 0, 0, 1 + 4 * Math.random());
    lock = tryProcessLock(path);
  }
  try {
    return work();
  } finally {
    lock.release();
  }
}

function heldByAnother(path: string, waitedMs: number): Error {
  const holder = holderIn(textOf(path))?.pid ?? '?';
  return new Error(`process ${holder} has held ${path} for ${waitedMs / 1_000} s`);
}

/** Creates `path` as a link to a complete file, so that no reader sees a part of a holder. */
function linked(file: string, path: string): boolean {
  try {
    linkSync(file, path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

/** Removes a lock whose holder is dead, or has not touched it for too long. False when its holder lives. */
function clearedOfTheDead(path: string, token: string, staleMs: number): boolean {
  const seen = textOf(path);
  if (seen === undefined) return true;
  const holder = holderIn(seen);
  if (holder !== undefined && isAlive(holder) && untouchedMs(path) <= staleMs) return false;
  const aside = `${path}.${token}.dead`;
  try {
    renameSync(path, aside);
  } catch {
    return true;
  }
  // Between the look and the rename another may have taken the dead one's place: then what was moved is a live lock.
  const taken = textOf(aside) === seen;
  if (!taken) linked(aside, path);
  rmSync(aside, { force: true });
  return taken;
}

/** How long ago a file was last touched, ms; 0 for one that is gone. */
function untouchedMs(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? 0 : Date.now() - stats.mtimeMs;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function holderIn(text: string | undefined): Holder | undefined {
  try {
    return JSON.parse(text ?? '') as Holder;
  } catch {
    return undefined;
  }
}
