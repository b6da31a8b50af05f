import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonFile, writeJsonFile } from '../host/atomic-file.ts';
import { stateFolder } from '../host/folders.ts';
import type { ProcessRecord } from '../host/processes.ts';

/** The dev server of this state folder, in `<state>/stack.json`. */
export interface StackRecord {
  readonly address: string;
  readonly namespace: string;
  readonly uiUrl: string;
  /** The server's own metrics, for Prometheus. */
  readonly metricsAddress: string;
  readonly databasePath: string;
  readonly server: ProcessRecord;
}

/** Reads the record of the dev server; undefined when there is none. */
export function readStackRecord(): StackRecord | undefined {
  return readRecord(stackPath()) as StackRecord | undefined;
}

/** Replaces the record of the dev server. */
export function writeStackRecord(record: StackRecord): void {
  writeRecord(stackPath(), record);
}

/** Forgets the dev server. */
export function removeStackRecord(): void {
  rmSync(stackPath(), { force: true });
}

/**
 * A record of processes; undefined when there is none, or when it is not whole: a power failure may leave an empty file,
 * and ended the processes as well.
 */
export function readRecord(path: string): unknown {
  try {
    return readJsonFile(path);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** Replaces a record of processes. Only its owner can read it: it may name credentials. */
export function writeRecord(path: string, record: unknown): void {
  writeJsonFile(path, record, { mode: 0o600 });
}

function stackPath(): string {
  return join(stateFolder(), 'stack.json');
}
