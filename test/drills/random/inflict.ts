import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLedger } from '../../../src/adapters/host/ledger.ts';
import { isAlive, startTicksOf, type ProcessRecord } from '../../../src/adapters/host/processes.ts';
import { pidPath, type ComponentName } from '../../../src/adapters/substrates/local/layout.ts';
import { runningDevServer } from '../../../src/adapters/temporal/dev-server.ts';
import { liveWorkers } from '../../../src/adapters/temporal/worker-record.ts';
import type { Belay } from '../../e2e/belay-cli.ts';
import { specOf } from '../../e2e/campaign-record.ts';
import type { FaultName, PlannedFault } from './fault-schedule.ts';

/** Longer than a worker may be silent before its stage is given to another one. */
const WORKER_FROZEN_MS = 28_000;
const PROMETHEUS_FROZEN_MS = 8_000;
/** Temporal may be down at the moment: another fault, or another campaign's. */
const CLIENT_LIMIT_MS = 60_000;

/** Who is hit. */
export interface Target {
  readonly belay: Belay;
  readonly campaign: string;
  /** Aborts what a fault still does later, e.g. letting a frozen process go on: that then comes at once. */
  readonly signal: AbortSignal;
}

/**
 * Does it now. What thaws later does so by itself.
 * @returns false when there is nothing to do it to: the part does not exist yet, or any more
 */
export async function inflict(target: Target, { fault, draw }: PlannedFault): Promise<boolean> {
  return INFLICT[fault](target, draw);
}

const INFLICT: Readonly<Record<FaultName, (target: Target, draw: number) => Promise<boolean> | boolean>> = {
  workerKilled: (_target, draw) => endWith('SIGKILL', drawnWorker(draw)),
  workerFrozen: ({ signal }, draw) => freeze(drawnWorker(draw), WORKER_FROZEN_MS, signal),
  workerAdded: async ({ belay }) => {
    await belay.start(['worker']).line(/worker is polling/);
    return true;
  },
  serverKilled: () => endWith('SIGKILL', runningDevServer()?.server.pid),
  etcdKilled: component('etcd'),
  apiserverKilled: component('kube-apiserver'),
  schedulerKilled: component('kube-scheduler'),
  controllerManagerKilled: component('kube-controller-manager'),
  kwokKilled: component('kwok-controller'),
  prometheusKilled: (target) => endWith('SIGKILL', prometheusPid(target)),
  prometheusFrozen: (target) => freeze(prometheusPid(target), PROMETHEUS_FROZEN_MS, target.signal),
  cancelled: ({ belay, campaign }) => withHandle(belay, campaign, 'cancel'),
  terminated: ({ belay, campaign }) => withHandle(belay, campaign, 'terminate'),
};

function component(name: ComponentName): (target: Target) => boolean {
  return (target) => {
    const [cluster] = ledgerOf(target)?.clusters ?? [];
    return cluster !== undefined && endWith('SIGKILL', pidIn(pidPath(cluster, name)));
  };
}

function prometheusPid(target: Target): number | undefined {
  return ledgerOf(target)?.processes.find(({ name }) => name === 'prometheus')?.pid;
}

function ledgerOf({ belay, campaign }: Target): ReturnType<typeof readLedger> {
  return readLedger(specOf(belay, campaign).slug);
}

function pidIn(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function drawnWorker(draw: number): number | undefined {
  const pids = liveWorkers().map(({ pid }) => pid);
  return pids.toSorted((a, b) => a - b)[Math.floor(draw * pids.length)];
}

function endWith(signal: 'SIGKILL' | 'SIGSTOP', pid: number | undefined): boolean {
  if (pid === undefined || startTicksOf(pid) === undefined) return false;
  process.kill(pid, signal);
  return true;
}

function freeze(pid: number | undefined, ms: number, signal: AbortSignal): boolean {
  const startTicks = pid === undefined ? undefined : startTicksOf(pid);
  if (pid === undefined || startTicks === undefined || !endWith('SIGSTOP', pid)) return false;
  void thaw({ pid, startTicks }, ms, signal);
  return true;
}

async function thaw(
  frozen: Pick<ProcessRecord, 'pid' | 'startTicks'>,
  afterMs: number,
  signal: AbortSignal,
): Promise<void> {
  await sleep(afterMs, undefined, { signal }).catch(() => undefined);
  if (isAlive(frozen)) process.kill(frozen.pid, 'SIGCONT');
}

async function withHandle(belay: Belay, campaign: string, what: 'cancel' | 'terminate'): Promise<boolean> {
  for (const untilMs = Date.now() + CLIENT_LIMIT_MS; ;) {
    try {
      await belay.withClient((client) => client.workflow.getHandle(campaign)[what]());
      return true;
    } catch (cause) {
      if (/already completed|not found/.test(String(cause))) return false;
      if (Date.now() > untilMs) throw cause;
      await sleep(500);
    }
  }
}
