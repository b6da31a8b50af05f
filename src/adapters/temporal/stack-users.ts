import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { stateFolder } from '../host/folders.ts';
import { ledgersHere } from '../host/ledger.ts';
import { isAlive, startTicksOf } from '../host/processes.ts';
import type { EnsureToolsOptions } from '../toolchain/ensure-tools.ts';
import { connectClient } from './client.ts';
import { devServerRuns, ensureTemporal, runningDevServer, stopDevServer } from './dev-server.ts';
import type { TemporalStack } from './dev-server.ts';
import { isUnderWay, runningCampaigns } from './running-campaigns.ts';
import type { RunningWorkflow } from './running-campaigns.ts';
import { withStackLock } from './stack-lock.ts';
import { readRecord, writeRecord } from './stack-record.ts';
import { externalTarget } from './target.ts';
import { ensureWorker, stopWorkers, workerStarts } from './worker-process.ts';
import type { EnsureWorkerOptions } from './worker-process.ts';
import { liveWorkers, polls } from './worker-record.ts';
import type { WorkerAnnouncement } from './worker-record.ts';

/** A process that needs the stack, in `<state>/users/<pid>.json`. */
interface StackUser {
  readonly pid: number;
  readonly startTicks: string;
  readonly sinceMs: number;
}

/** How to join. */
export interface JoinOptions extends EnsureToolsOptions {
  /** The stack stays until `belay down`, also when no process uses it. */
  readonly keep?: boolean;
  /** Only the server: the caller is a worker itself. */
  readonly withoutWorker?: boolean;
  readonly workerCommand?: EnsureWorkerOptions['command'];
  /** Another process starts or stops the stack, and this one waits. */
  readonly onWait?: (elapsedMs: number) => void;
}

/** What was joined. */
export interface JoinedStack {
  readonly temporal: TemporalStack;
  readonly worker: WorkerAnnouncement | undefined;
}

/** What became of the stack when a user left. */
export type LeaveOutcome = 'stopped' | 'kept' | 'in use' | 'campaigns running';

/**
 * Registers this process as a user of the stack and brings up what is missing of it: Temporal, then a worker. Every join
 * needs its leaveStack(); a process that dies counts as gone.
 */
export async function joinStack(options: JoinOptions = {}): Promise<JoinedStack> {
  return withStackLock(options, async (signal) => {
    const { pid } = process;
    writeRecord(userPath(pid), { pid, startTicks: startTicksOf(pid) ?? '', sinceMs: Date.now() } satisfies StackUser);
    try {
      const temporal = await ensureTemporal({ ...options, signal });
      const busy = !temporal.startedByUs && (await campaignsUnderWay()).length > 0;
      const command = options.workerCommand === undefined ? {} : { command: options.workerCommand };
      const { address, namespace, record } = temporal;
      const server = { external: record === undefined, address, namespace };
      const worker =
        options.withoutWorker === true ? undefined : await ensureWorker({ signal, busy, temporal: server, ...command });
      if (options.keep === true) keepStack();
      return { temporal, worker };
    } catch (cause) {
      await leaveStack().catch(() => undefined);
      throw cause;
    }
  });
}

/**
 * Takes this process off the users. The last one out stops worker and server, unless the stack is kept or a campaign is
 * under way that somebody left running.
 */
export async function leaveStack(options: { readonly keep?: boolean } = {}): Promise<LeaveOutcome> {
  return withStackLock({}, async () => {
    rmSync(userPath(process.pid), { force: true });
    if (options.keep === true) keepStack();
    if (isKept()) return 'kept';
    if (stackUsers().length > 0) return 'in use';
    const external = externalTarget();
    const isUp = external !== undefined || runningDevServer() !== undefined;
    if (isUp && (await campaignsUnderWay()).length > 0) return 'campaigns running';
    // Workers of another server may have campaigns there that were left running.
    await stopWorkers((worker) =>
      external === undefined ? worker.temporal?.external !== true : polls(worker, external),
    );
    if (external === undefined) await stopDevServer();
    return 'stopped';
  });
}

/** The stack stays up until `belay down`. */
export function keepStack(): void {
  writeRecord(keptPath(), { sinceMs: Date.now() });
}

/** Whether the stack stays up when no process uses it. */
export function isKept(): boolean {
  return readRecord(keptPath()) !== undefined;
}

/** Stops workers, then the dev server (never an external one), even if they are in use. */
export async function stopStack(): Promise<void> {
  await withStackLock({}, async () => {
    await stopWorkers();
    await stopDevServer();
    rmSync(keptPath(), { force: true });
  });
}

/** Pids of the live processes that use the stack. What dead ones left is cleared away. */
export function stackUsers(): readonly number[] {
  const live: number[] = [];
  for (const file of userFiles()) {
    const user = readRecord(join(usersFolder(), file)) as StackUser | undefined;
    if (user === undefined) continue;
    if (isAlive(user)) live.push(user.pid);
    else rmSync(join(usersFolder(), file), { force: true });
  }
  return live;
}

/** Whether anything of the stack runs here. */
export function stackRuns(): boolean {
  return devServerRuns() || liveWorkers().length > 0 || workerStarts();
}

/**
 * Campaigns under way on the Temporal in use. On a server that somebody else runs only those that are at work on this host:
 * the others' are none of our worker's.
 * @throws Error when the server does not answer
 */
export async function campaignsUnderWay(): Promise<readonly RunningWorkflow[]> {
  const client = await connectClient();
  try {
    const here = new Set(ledgersHere().map(({ workflowId }) => workflowId));
    const listed = (await runningCampaigns(client)).filter(
      ({ workflowId }) => externalTarget() === undefined || here.has(workflowId),
    );
    const running: RunningWorkflow[] = [];
    for (const one of listed) if (await isUnderWay(client, one)) running.push(one);
    return running;
  } finally {
    await client.connection.close();
  }
}

function userFiles(): readonly string[] {
  try {
    return readdirSync(usersFolder()).filter((file) => file.endsWith('.json'));
  } catch {
    return [];
  }
}

function userPath(pid: number): string {
  return join(usersFolder(), `${pid}.json`);
}

function usersFolder(): string {
  return join(stateFolder(), 'users');
}

function keptPath(): string {
  return join(stateFolder(), 'kept.json');
}
