import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ClusterRecord } from '../../host/ledger.ts';
import { startTicksOf } from '../../host/processes.ts';
import type { ClusterLog } from '../substrate.ts';
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

/**
 * Makes way for `kwokctl start`: drops the pid files of dead components, and keeps their logs under a number, because
 * kwokctl begins each component's log anew and with it would go what the dead one said last.
 */
export function makeWayForRestart(cluster: ClusterRecord): void {
  const dead = componentStates(cluster).filter((each) => each.state === 'dead');
  dropStalePidFiles(cluster);
  for (const { name } of dead) {
    const earlier = componentLogs(cluster).filter((log) => log.component.startsWith(`${name}.`)).length;
    const kept = join(dirname(logPath(cluster, name)), `${name}.${earlier + 1}.log`);
    if (existsSync(logPath(cluster, name))) renameSync(logPath(cluster, name), kept);
  }
}

/** Log files of a cluster: of each component, and (with a number after its name) of those that died before it. */
export function componentLogs(cluster: ClusterRecord): readonly ClusterLog[] {
  const folder = join(clusterFolder(cluster), 'logs');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .map((name) => name.slice(0, -'.log'.length))
    .sort()
    .map((component) => ({ component, path: join(folder, `${component}.log`) }));
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
