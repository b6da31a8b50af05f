import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../host/make-folder.ts';
import { KEPT_TARGETS_MS } from '../../../core/plan/limits.ts';
import { isRecordName } from '../../../core/profile/targets.ts';
import { writeTextFile } from '../../host/atomic-file.ts';
import { stateFolder } from '../../host/folders.ts';
import type { OwnKubeconfig } from './own-kubeconfig.ts';

/**
 * Keeps kubeconfigs on this host for a campaign that is about to start, readable only by this user. The workflow's input has only
 * the name of the record: it can be used on this host alone, and by the first run alone that uses it, because everybody who may read the
 * histories of Temporal finds the name there.
 * @returns the name of the record
 */
export function keepTargets(kubeconfigs: readonly OwnKubeconfig[]): string {
  removeOldTargets();
  const record = randomBytes(16).toString('hex');
  makeFolder(recordFolder(record), 0o700);
  for (const [index, { text }] of kubeconfigs.entries()) {
    writeTextFile(join(recordFolder(record), `${index}.kubeconfig`), text, { mode: 0o600 });
  }
  return record;
}

/**
 * One of the kubeconfigs of a record; undefined where this host does not have it, or has it for another run.
 * @param runId of the campaign that uses it
 */
export function keptKubeconfig(record: string, index: number, runId: string): string | undefined {
  if (!isRecordName(record)) return undefined;
  try {
    if (userOf(record, runId) !== runId) return undefined;
    return readFileSync(join(recordFolder(record), `${index}.kubeconfig`), 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether a record is a run's. One that is another run's is not removed with this one's clusters. */
export function isRecordOf(record: string, runId: string): boolean {
  try {
    return isRecordName(record) && userOf(record, runId) === runId;
  } catch {
    return false;
  }
}

/** The run that uses a record: the one that has asked first. */
function userOf(record: string, runId: string): string {
  const path = join(recordFolder(record), 'run');
  try {
    writeFileSync(path, runId, { flag: 'wx', mode: 0o600 });
    return runId;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    // Empty: its writer was killed in that moment.
    return readFileSync(path, 'utf8') || runId;
  }
}

/** Removes a record. */
export function removeTargets(record: string): void {
  if (isRecordName(record)) rmSync(recordFolder(record), { recursive: true, force: true });
}

/** Removes records of campaigns that never began, or were terminated. */
function removeOldTargets(): void {
  for (const record of recordNames()) {
    const { mtimeMs } = statSync(recordFolder(record), { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > KEPT_TARGETS_MS) removeTargets(record);
  }
}

function recordNames(): readonly string[] {
  try {
    return readdirSync(targetsFolder());
  } catch {
    return [];
  }
}

function recordFolder(record: string): string {
  return join(targetsFolder(), record);
}

function targetsFolder(): string {
  return join(stateFolder(), 'targets');
}
