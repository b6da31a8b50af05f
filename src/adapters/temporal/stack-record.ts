import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  return readJson(stackPath()) as StackRecord | undefined;
}

/** Replaces the record of the dev server. */
export function writeStackRecord(record: StackRecord): void {
  writeJson(stackPath(), record);
}

/** Forgets the dev server. */
export function removeStackRecord(): void {
  rmSync(stackPath(), { force: true });
}

/** Reads a JSON file; undefined when there is none, or it is not whole (then it is somebody's temp file gone wrong). */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT' || cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** Writes a JSON file by temp file and rename, readable by its owner only. */
export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

function stackPath(): string {
  return join(stateFolder(), 'stack.json');
}
