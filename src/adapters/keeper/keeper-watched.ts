import { SETTLED_MS, STRAY_GRACE_MS } from '../../core/plan/limits.ts';
import { lastWords } from '../../core/text/last-words.ts';
import { COMPONENTS, lockPath, logPath, readReadyMark } from '../substrates/local/layout.ts';
import type { ComponentName } from '../substrates/local/layout.ts';
import { componentHealth } from '../substrates/local/component-health.ts';
import { componentStates, makeWayForRestart, isStopped } from '../substrates/local/components.ts';
import { kwokctlStart } from '../substrates/local/kwokctl.ts';
import { readLedger, recordProcess, startLockPath } from '../host/ledger.ts';
import type { ClusterRecord, Ledger, LedgerProcess } from '../host/ledger.ts';
import { withProcessLock } from '../host/process-lock.ts';
import { markedProcesses } from '../host/process-marks.ts';
import { isAlive, startDetached, stopProcess } from '../host/processes.ts';
import { logTail } from '../host/log-tail.ts';

/** The state of a part of the infrastructure at one moment. */
interface Look {
  readonly state: 'running' | 'frozen' | 'dead';
  readonly startTicks: string;
}

/** A part of a campaign's infrastructure that the keeper watches. */
export interface Watched {
  readonly key: string;
  readonly cluster?: string;
  readonly component: string;
  /** When it ran at the earliest, if nothing later is known. */
  readonly sinceMs: number;
  /** The keeper checks that it answers, not only that it runs. */
  readonly probed: boolean;
  look(): Look;
  /** Undefined when it is healthy, else why not. */
  health(signal: AbortSignal, restartedMs: number): Promise<string | undefined>;
  /** Restarts it, unless the campaign no longer wants it. Absent: its end is only reported. */
  restart?: (signal: AbortSignal) => Promise<void>;
  /** Why it ended, as far as its log says it. */
  lastWords(): string;
}

/**
 * The parts of a campaign that should run: the components of local clusters that have been ready, and processes. A cluster
 * that has never been ready is still being created.
 */
export function watchedOf(ledger: Ledger): readonly Watched[] {
  if (!isLookedAfter(ledger)) return [];
  const clusters = ledger.clusters
    .filter((cluster) => cluster.owned)
    .flatMap((cluster) => componentsOf(ledger, cluster));
  return [...clusters, ...ledger.processes.map((process) => watchedProcess(ledger, process))];
}

/** Whether anything of the campaign is restarted: it is neither torn down nor abandoned. */
function isLookedAfter({ closing, abandoned }: Ledger): boolean {
  return closing !== true && abandoned !== true;
}

function componentsOf(ledger: Ledger, cluster: ClusterRecord): readonly Watched[] {
  const mark = readReadyMark(cluster);
  if (mark === undefined) return [];
  return COMPONENTS.map((name) => ({
    key: `${cluster.name}/${name}`,
    cluster: cluster.name,
    component: name,
    sinceMs: ledger.createdAtMs,
    probed: name === 'kube-apiserver',
    look: () => stateOf(cluster, name),
    health: (signal) => componentHealth(cluster, name, signal),
    restart: (signal) =>
      withProcessLock(lockPath(cluster), { signal }, async () => {
        const now = readLedger(ledger.slug);
        if (now === undefined || !isLookedAfter(now) || !now.clusters.some((each) => each.name === cluster.name))
          return;
        if (stateOf(cluster, name).state !== 'dead') return;
        makeWayForRestart(cluster);
        await kwokctlStart(mark.kwokctl, cluster, signal);
      }),
    lastWords: () => lastWords(logTail(logPath(cluster, name))),
  }));
}

function stateOf(cluster: ClusterRecord, name: ComponentName): Look {
  return componentStates(cluster).find((each) => each.name === name) ?? { state: 'dead', startTicks: '' };
}

function watchedProcess(ledger: Ledger, process: LedgerProcess): Watched {
  const prefix = `${process.cluster ?? ''}.`;
  return {
    key: `process/${process.name}`,
    ...(process.cluster === undefined ? {} : { cluster: process.cluster }),
    component: process.name.startsWith(prefix) ? process.name.slice(prefix.length) : process.name,
    sinceMs: process.startedAtMs,
    probed: false,
    look: () => {
      if (!isAlive(process)) return { state: 'dead', startTicks: '' };
      return { state: isStopped(process.pid) ? 'frozen' : 'running', startTicks: process.startTicks };
    },
    health: (_signal, restartedMs) =>
      Promise.resolve(Date.now() - restartedMs < SETTLED_MS ? 'it was started a moment ago' : undefined),
    ...(process.restart ? { restart: (signal) => startAgain(ledger.slug, process, signal) } : {}),
    lastWords: () => lastWords(logTail(process.logPath)),
  };
}

/** Starts the recorded command again, with the same environment and ports. */
async function startAgain(slug: string, dead: LedgerProcess, signal: AbortSignal): Promise<void> {
  if (!isWanted(slug, dead)) return;
  await withProcessLock(startLockPath(slug, dead.name), { signal }, async () => {
    if (!isWanted(slug, dead)) return;
    const { restart, cluster, ports } = dead;
    // A process that was started and not recorded holds the ports or the data.
    for (const stray of markedProcesses(slug, dead.name)) await stopProcess(stray, STRAY_GRACE_MS);
    const record = await startDetached(dead);
    // The campaign may have removed it from the ledger while it started.
    if (!isWanted(slug, dead)) return stopProcess(record);
    recordProcess(slug, record, restart, {
      ...(cluster === undefined ? {} : { cluster }),
      ...(ports === undefined ? {} : { ports }),
    });
  });
}

/** Whether the ledger still names the process that died, and the campaign is not being torn down. */
function isWanted(slug: string, dead: LedgerProcess): boolean {
  const ledger = readLedger(slug);
  const recorded = ledger?.processes.find((each) => each.name === dead.name);
  return (
    ledger !== undefined &&
    isLookedAfter(ledger) &&
    recorded?.pid === dead.pid &&
    recorded.startTicks === dead.startTicks
  );
}
