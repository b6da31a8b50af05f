import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from '../host/folders.ts';
import { isAlive } from '../host/processes.ts';
import { readJson } from './stack-record.ts';

/** A worker that polls, in `<state>/workers/<pid>.json`, written by itself once it does. */
export interface WorkerAnnouncement {
  readonly pid: number;
  readonly startTicks: string;
  /** Port of its /metrics on loopback. */
  readonly metricsPort: number;
  readonly queues: readonly string[];
  readonly startedAtMs: number;
}

/** The workers of this state folder that poll now, whoever started them. What dead ones left is cleared away. */
export function liveWorkers(): readonly WorkerAnnouncement[] {
  const live: WorkerAnnouncement[] = [];
  for (const file of announcements()) {
    const worker = readJson(join(workersFolder(), file)) as WorkerAnnouncement | undefined;
    if (worker === undefined) continue;
    if (isAlive(worker)) live.push(worker);
    else rmSync(join(workersFolder(), file), { force: true });
  }
  return live;
}

function announcements(): readonly string[] {
  try {
    return readdirSync(workersFolder()).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
}

function workersFolder(): string {
  return join(stateFolder(), 'workers');
}
