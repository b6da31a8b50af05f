import { readdirSync, readFileSync, rmSync } from 'node:fs';
import type { ClusterRecord } from '../../host/ledger.ts';
import { startTicksOf } from '../../host/processes.ts';
import { clusterFolder, COMPONENTS, configPath, logPath, pidPath } from './layout.ts';
import type { ComponentName } from './layout.ts';

/** A component's process as it is now. `frozen`: alive, but stopped by a signal. */
export interface ComponentState {
  readonly name: ComponentName;
  readonly state: 'running' | 'frozen' | 'dead';
  readonly pid: number;
  /** Empty when dead. */
  readonly startTicks: string;
}

/** A process that belongs to a cluster. */
export interface ClusterProcess {
  readonly pid: number;
  readonly startTicks: string;
  readonly command: string;
}

/**
 * The state of each component, from kwokctl's pid files. A pid counts only if its command line begins with the cluster's
 * own folder: a later process that got the same number is not taken for the component.
 */
export function componentStates(cluster: ClusterRecord): readonly ComponentState[] {
  return COMPONENTS.map((name) => {
    const pid = pidOf(cluster, name);
    const startTicks = startTicksOf(pid);
    if (startTicks === undefined || !isOf(cluster, argumentsOf(pid)))
      return { name, state: 'dead', pid, startTicks: '' };
    return { name, state: isStopped(pid) ? 'frozen' : 'running', pid, startTicks };
  });
}

/**
 * Removes pid files that name no process of the cluster. kwokctl looks only at whether some process has the number: it
 * would take a stranger (or a zombie) for the component and not start it, or kill the stranger when the cluster goes.
 */
export function dropStalePidFiles(cluster: ClusterRecord): void {
  for (const { name, state } of componentStates(cluster))
    if (state === 'dead') rmSync(pidPath(cluster, name), { force: true });
}

/** Every process on this host that belongs to the cluster, recorded or not, a kwokctl that is still at work included. */
export function clusterProcesses(cluster: ClusterRecord): readonly ClusterProcess[] {
  const found: ClusterProcess[] = [];
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const parts = argumentsOf(pid);
    const startTicks = startTicksOf(pid);
    if (startTicks !== undefined && isOf(cluster, parts)) found.push({ pid, startTicks, command: parts.join(' ') });
  }
  return found;
}

/** The last lines of a component's log, for an error message. */
export function logTail(cluster: ClusterRecord, component: ComponentName, lines = 5): string {
  try {
    return readFileSync(logPath(cluster, component), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '(no log)';
  }
}

/** Whether a live process is stopped (SIGSTOP, a debugger): it holds its ports and does nothing. */
export function isStopped(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
    return state === 'T' || state === 't';
  } catch {
    return false;
  }
}

function isOf(cluster: ClusterRecord, parts: readonly string[]): boolean {
  return (parts[0] ?? '').startsWith(`${clusterFolder(cluster)}/`) || parts.includes(configPath(cluster));
}

function pidOf(cluster: ClusterRecord, name: ComponentName): number {
  try {
    return Number(readFileSync(pidPath(cluster, name), 'utf8'));
  } catch {
    return 0;
  }
}

function argumentsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
