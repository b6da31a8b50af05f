import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { PROCESS_POLL_MS, PROCESS_STOP_MS } from '../../core/plan/limits.ts';
import { makeFolder } from './make-folder.ts';
import { pollUntil } from './poll-until.ts';

/** A process that outlives its parent. The record is enough to find it again, stop it, or restart it. */
export interface ProcessRecord {
  readonly name: string;
  readonly pid: number;
  /** Start time in clock ticks since boot: distinguishes this process from a later one with the same pid. */
  readonly startTicks: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logPath: string;
  readonly startedAtMs: number;
}

/** What to start. `env` is added to a small inherited set (PATH, HOME, TMPDIR), never the whole environment. */
export interface ProcessRequest {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logPath: string;
}

/**
 * Starts a process in a session of its own, output to a log file, and does not wait for it.
 * @throws Error naming the file when it cannot be executed
 */
export async function startDetached(request: ProcessRequest): Promise<ProcessRecord> {
  makeFolder(dirname(request.logPath));
  const log = openSync(request.logPath, 'a');
  try {
    const child = spawn(request.file, [...request.args], {
      cwd: request.cwd,
      env: { ...inheritedEnvironment(), ...request.env },
      detached: true,
      stdio: ['ignore', log, log],
    });
    await new Promise<void>((done, fail) => {
      child.once('spawn', () => done());
      child.once('error', (cause) =>
        fail(new Error(`cannot start ${request.name} (${request.file}): ${cause.message}`)),
      );
    });
    child.unref();
    const pid = child.pid ?? 0;
    return {
      name: request.name,
      pid,
      startTicks: startTicksOf(pid) ?? '',
      file: request.file,
      args: request.args,
      env: request.env ?? {},
      cwd: request.cwd,
      logPath: request.logPath,
      startedAtMs: Date.now(),
    };
  } finally {
    closeSync(log);
  }
}

/** Whether the recorded process still runs (a zombie or a reused pid does not count). */
export function isAlive(record: Pick<ProcessRecord, 'pid' | 'startTicks'>): boolean {
  const ticks = startTicksOf(record.pid);
  return ticks !== undefined && ticks === record.startTicks;
}

/** SIGTERM, then SIGKILL to what is left after `graceMs`. Stopped (SIGSTOP) processes are continued so that they can end. */
export async function stopProcess(
  record: Pick<ProcessRecord, 'pid' | 'startTicks'>,
  graceMs = PROCESS_STOP_MS,
): Promise<void> {
  signal(record, 'SIGTERM');
  signal(record, 'SIGCONT');
  if (await endsWithin(record, graceMs)) return;
  signal(record, 'SIGKILL');
  await endsWithin(record, PROCESS_STOP_MS);
}

/**
 * Identity of a live process: its start ticks. Undefined when no process has this pid, or only a zombie. A process whose first
 * thread is a zombie while other threads are ending is alive: it holds its ports and locks for some ms.
 */
export function startTicksOf(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name, in parentheses, may hold spaces; fields are counted after its closing one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ended = fields[0] === 'X' || (fields[0] === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1);
    return ended ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function signal(record: Pick<ProcessRecord, 'pid' | 'startTicks'>, name: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(record.pid, name);
  } catch {
    // It ended before the signal was sent.
  }
}

async function endsWithin(record: Pick<ProcessRecord, 'pid' | 'startTicks'>, budgetMs: number): Promise<boolean> {
  const ended = await pollUntil({ everyMs: PROCESS_POLL_MS, budgetMs }, () => !isAlive(record) || undefined);
  return ended === true;
}

function inheritedEnvironment(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
