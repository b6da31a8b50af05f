import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryFolder } from '../../src/adapters/host/folders.ts';
import type { WorkerAnnouncement } from '../../src/adapters/temporal/worker-record.ts';
import { pollUntil } from '../../src/adapters/host/poll-until.ts';

/** Four workers that start at once on a busy machine take this long. */
const START_MS = 120_000;

/** A host: a real worker with a state folder and a folder for evidence of its own. */
export interface WorkerHost {
  readonly name: string;
  readonly hostQueue: string;
  /** Its state folder. */
  readonly home: string;
  readonly runs: string;
  /** Ends the worker and removes what the host has. */
  stop(): Promise<void>;
}

/** Starts a host whose worker polls the Temporal at `address`. @param settings more of its environment */
export async function startWorkerHost(
  address: string,
  settings: Readonly<Record<string, string>>,
): Promise<WorkerHost> {
  const folder = mkdtempSync(join(tmpdir(), 'belay-host-'));
  const [home, runs] = [join(folder, 'state'), join(folder, 'runs')];
  const env = {
    TEMPORAL_ADDRESS: address,
    BELAY_HOME: home,
    BELAY_RUNS: runs,
    BELAY_ADVERTISE: '127.0.0.1',
    ...settings,
  };
  const worker = spawn(process.execPath, [join(repositoryFolder, 'src', 'worker.ts')], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    await end(worker);
    rmSync(folder, { recursive: true, force: true });
  };
  const path = join(home, 'workers', `${worker.pid}.json`);
  const announced = await pollUntil({ everyMs: 50, budgetMs: START_MS }, () => {
    if (worker.exitCode !== null) throw new Error('the worker ended before it was ready');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as WorkerAnnouncement) : undefined;
  }).catch(() => undefined);
  if (announced === undefined) {
    await stop();
    throw new Error('the worker did not become ready');
  }
  return { name: announced.host ?? '', hostQueue: announced.queues[1] ?? '', home, runs, stop };
}

async function end(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null) return;
  const ended = once(worker, 'exit');
  worker.kill('SIGTERM');
  await ended;
}
