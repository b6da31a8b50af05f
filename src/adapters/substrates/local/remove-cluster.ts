import { readFileSync, rmSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { forgetCluster } from '../../host/ledger.ts';
import type { ClusterRecord } from '../../host/ledger.ts';
import { isFree, releasePorts } from '../../host/port-claims.ts';
import { isAlive } from '../../host/processes.ts';
import type { ToolPaths } from '../substrate.ts';
import { clusterProcesses, dropStalePidFiles } from './components.ts';
import { kwokctlDelete } from './kwokctl.ts';
import { clusterFolder, configPath, readyMarkPath, slugOf } from './layout.ts';
import { PORTS_CLOSED_MS, PROCESS_POLL_MS } from '../../../core/plan/limits.ts';
import { pause, pollUntil } from '../../host/poll-until.ts';

/**
 * Removes a local cluster whole: its processes (running, stopped, or recorded nowhere), its folder, kubeconfig and
 * ports, and last its place in the ledger. Right for one that is half made, half removed, or not there at all.
 * @throws Error naming the processes that are left when the signal is aborted
 */
export async function removeLocalCluster(
  cluster: ClusterRecord,
  tools: ToolPaths,
  signal: AbortSignal,
  options: { readonly keepRecord?: boolean } = {},
): Promise<void> {
  const kwokctl = tools.get('kwokctl');
  if (kwokctl !== undefined) {
    dropStalePidFiles(cluster);
    // What it cannot do (a broken folder, a missing file) is done below: its failure is no reason to leave things behind.
    await kwokctlDelete(kwokctl.path, cluster, signal).catch(() => undefined);
  }
  await endProcesses(cluster, signal);
  const ports = claimedPorts(cluster);
  await untilClosed(ports);
  releasePorts(ports);
  rmSync(clusterFolder(cluster), { recursive: true, force: true, maxRetries: 3 });
  for (const file of [cluster.kubeconfigPath, configPath(cluster), readyMarkPath(cluster)])
    rmSync(file, { force: true });
  if (options.keepRecord !== true) forgetCluster(slugOf(cluster), cluster.name);
}

/** Kills until none is left: a kwokctl that was at work may have started another one in between. */
async function endProcesses(cluster: ClusterRecord, signal: AbortSignal): Promise<void> {
  for (;;) {
    const left = clusterProcesses(cluster);
    if (left.length === 0) return;
    for (const each of left) {
      if (!isAlive(each)) continue;
      try {
        process.kill(each.pid, 'SIGKILL');
      } catch {
        // It ended in between.
      }
    }
    await pause(PROCESS_POLL_MS);
    if (signal.aborted && clusterProcesses(cluster).length > 0) {
      const names = left.map((each) => `${each.pid} (${each.command.slice(0, 120)})`);
      throw new Error(
        `cluster ${cluster.name}: processes left when the time to remove it was over: ${names.join(', ')}`,
      );
    }
  }
}

/** A process counts as ended while its last threads still let go of its sockets: a moment, longer on a busy machine. */
async function untilClosed(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await pollUntil(
      { everyMs: PROCESS_POLL_MS, budgetMs: PORTS_CLOSED_MS },
      async () => (await isFree(port)) || undefined,
    );
  }
}

/** The ports in our own configuration of the cluster: its first document. The others are what kwok plays. */
function claimedPorts(cluster: ClusterRecord): readonly number[] {
  try {
    const [first] = parseAllDocuments(readFileSync(configPath(cluster), 'utf8'));
    const config = first?.toJS() as { readonly options: Readonly<Record<string, unknown>> } | undefined;
    return Object.entries(config?.options ?? {}).flatMap(([key, value]) =>
      key.endsWith('Port') && typeof value === 'number' ? [value] : [],
    );
  } catch {
    return [];
  }
}
