import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { PROCESS_POLL_MS, WORKER_START_MS, WORKER_STOP_MS } from '../../core/plan/limits.ts';
import { pollUntil } from '../host/poll-until.ts';
import { codeFingerprint } from '../host/code-fingerprint.ts';
import { repositoryFolder, stateFolder } from '../host/folders.ts';
import { logTail } from '../host/log-tail.ts';
import { stackMark, stackProcesses } from '../host/process-marks.ts';
import { isAlive, startDetached, stopProcess } from '../host/processes.ts';
import type { ProcessRecord } from '../host/processes.ts';
import { withStackLock } from './stack-lock.ts';
import type { StackLockOptions } from './stack-lock.ts';
import { readRecord, writeRecord } from './stack-record.ts';
import { hostSettings, workerEnvironment } from './worker-environment.ts';
import { doesAnswer } from './worker-answer.ts';
import { liveWorkers, polls } from './worker-record.ts';
import type { PolledServer, Polling, WorkerAnnouncement } from './worker-record.ts';

/** The worker that was started in the background, in `<state>/worker.json`. */
interface WorkerRecord {
  /** Without its environment, which may hold an API key. */
  readonly process: ProcessRecord;
  readonly code: string;
  /** Its settings about this host. Records of earlier versions lack them. */
  readonly host?: Readonly<Record<string, string>>;
  /** The server it was started for. */
  readonly temporal?: PolledServer;
}

/** How a worker is made sure of. */
export interface EnsureWorkerOptions extends StackLockOptions {
  /** The server it has to poll: TEMPORAL_* may have named another when the worker that runs was started. */
  readonly temporal?: PolledServer;
  /** Campaigns are under way: one with older code or other settings is kept, though. Without them it is started anew. */
  readonly busy?: boolean;
  /** Program and arguments instead of `node src/worker.ts`. */
  readonly command?: { readonly file: string; readonly args: readonly string[] };
}

/**
 * Makes sure that a worker of this state folder polls, and waits until it does: one that already does, or a new one in the
 * background, which outlives this process. One that does not answer is left alone: it may continue.
 * @throws Error with the end of its log when it ended or was not ready in time
 */
export async function ensureWorker(options: EnsureWorkerOptions = {}): Promise<WorkerAnnouncement> {
  return withStackLock(options, async (signal) => {
    const record = readRecord(recordPath()) as WorkerRecord | undefined;
    const isMeant = (worker: Polling): boolean => options.temporal === undefined || polls(worker, options.temporal);
    const ours = record !== undefined && isAlive(record.process) && isMeant(record) ? record : undefined;
    if (ours !== undefined && isOutdated(ours) && options.busy !== true) {
      await stopProcess(ours.process, WORKER_STOP_MS);
    } else {
      const announced = liveWorkers().filter(isMeant);
      for (const worker of announced) if (await doesAnswer(worker, signal)) return worker;
      const isStarting = ours !== undefined && !announced.some(({ pid }) => pid === ours.process.pid);
      if (isStarting && isAlive(ours.process)) return untilReady(ours.process, signal);
    }
    return untilReady(await startWorker(options), signal);
  });
}

/** Whether a worker in the background runs that has not announced itself yet, and that no record may name. */
export function workerStarts(): boolean {
  return stackProcesses(WORKER).length > 0;
}

/**
 * Stops the workers of this state folder, or those that poll a server. Activities under way are cancelled and
 * retried elsewhere.
 */
export async function stopWorkers(which?: (worker: Polling) => boolean): Promise<void> {
  await withStackLock({}, async () => {
    const record = readRecord(recordPath()) as WorkerRecord | undefined;
    const isMeant = which ?? (() => true);
    const started = record !== undefined && isMeant(record) ? [record.process] : [];
    // It is not known which server one polls that was killed with the command that started it.
    const strays = which === undefined ? stackProcesses(WORKER) : [];
    // One may be found in all three ways. A second SIGTERM would end it before it has sent its last notifications.
    const all = new Map(
      [...liveWorkers().filter(isMeant), ...started, ...strays].map((worker) => [worker.pid, worker]),
    );
    await Promise.all([...all.values()].map((worker) => stopProcess(worker, WORKER_STOP_MS)));
    if (started.length > 0) rmSync(recordPath(), { force: true });
    liveWorkers();
  });
}

/** Where the background worker logs. */
export function workerLogPath(): string {
  return join(stateFolder(), 'worker.log');
}

/** Whether a worker runs older code, or was started with other settings than those that are set now. */
function isOutdated({ code, host = {} }: WorkerRecord): boolean {
  return (
    code !== codeFingerprint() || Object.entries(hostSettings(process.env)).some(([name, set]) => host[name] !== set)
  );
}

/**
 * A worker's garbage is young and small. With V8's default it takes 60 MB more before it is collected; see `bench/watch-memory.ts`.
 * glibc's default is an arena for each thread, of which 30 MB lie idle.
 */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=8';
const FEW_ARENAS = { MALLOC_ARENA_MAX: '2' };

const WORKER = 'worker';

async function startWorker({ command, temporal }: EnsureWorkerOptions): Promise<ProcessRecord> {
  const started = await startDetached({
    name: WORKER,
    file: command?.file ?? process.execPath,
    args: command?.args ?? [SMALL_YOUNG_GENERATION, join(repositoryFolder, 'src', 'worker.ts')],
    env: { ...FEW_ARENAS, ...workerEnvironment(process.env), ...stackMark(WORKER) },
    cwd: repositoryFolder,
    logPath: workerLogPath(),
  });
  const record: WorkerRecord = {
    process: { ...started, env: {} },
    code: codeFingerprint(),
    host: hostSettings(process.env),
    ...(temporal === undefined ? {} : { temporal }),
  };
  writeRecord(recordPath(), record);
  return started;
}

async function untilReady(worker: ProcessRecord, signal: AbortSignal): Promise<WorkerAnnouncement> {
  const log = (): string => `its log says:\n${logTail(worker.logPath)}`;
  const ready = await pollUntil({ everyMs: PROCESS_POLL_MS, budgetMs: WORKER_START_MS, signal }, () => {
    const found = liveWorkers().find(({ pid, startTicks }) => pid === worker.pid && startTicks === worker.startTicks);
    if (found === undefined && !isAlive(worker)) throw new Error(`the worker ended before it was ready; ${log()}`);
    return found;
  });
  if (ready !== undefined) return ready;
  await stopProcess(worker);
  throw new Error(`the worker was not ready after ${WORKER_START_MS / 1000} s and was stopped; ${log()}`);
}

function recordPath(): string {
  return join(stateFolder(), 'worker.json');
}
