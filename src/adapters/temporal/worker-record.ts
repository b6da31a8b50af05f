import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from '../host/folders.ts';
import { isAlive } from '../host/processes.ts';
import { readRecord } from './stack-record.ts';
import type { TemporalTarget } from './target.ts';

/** A worker that polls, in `<state>/workers/<pid>.json`, written by itself once it does. */
export interface WorkerAnnouncement {
  readonly pid: number;
  readonly startTicks: string;
  /** Port of its /metrics on loopback. */
  readonly metricsPort: number;
  readonly queues: readonly string[];
  /** Its host: name, address, and how many clusters it takes. Workers of earlier versions do not say it. */
  readonly host?: string;
  readonly address?: string;
  readonly capacityClusters?: number;
  /** The server it polls. */
  readonly temporal: PolledServer;
  readonly startedAtMs: number;
}

/** A Temporal, as far as it tells one from another. */
export type PolledServer = Pick<TemporalTarget, 'external' | 'address' | 'namespace'>;

/** What a worker says of the server it polls. */
export interface Polling {
  readonly temporal?: PolledServer;
}

/** Whether a worker polls this very server. */
export function polls({ temporal }: Polling, { external, address, namespace }: PolledServer): boolean {
  return temporal?.external === external && temporal.address === address && temporal.namespace === namespace;
}

/** The workers of this state folder that poll now. The files of dead ones are removed. */
export function liveWorkers(): readonly WorkerAnnouncement[] {
  const live: WorkerAnnouncement[] = [];
  for (const file of announcements()) {
    const worker = readRecord(join(workersFolder(), file)) as WorkerAnnouncement | undefined;
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
