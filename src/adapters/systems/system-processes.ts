import { existsSync, rmSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { System, SystemProcess } from '../../core/model/system.ts';
import { campaignFolder, forgetProcess, readLedger, recordProcess, startLockPath } from '../host/ledger.ts';
import type { ClusterRecord, LedgerProcess } from '../host/ledger.ts';
import { claimPorts, releasePorts } from '../host/port-claims.ts';
import { withProcessLock } from '../host/process-lock.ts';
import { markedProcesses, markOf } from '../host/process-marks.ts';
import { isAlive, startDetached, stopProcess } from '../host/processes.ts';
import type { ToolPaths } from '../substrates/substrate.ts';
import { fillPlaceholders } from './placeholders.ts';

/** Where a system's processes run and what their placeholders stand for. */
export interface ProcessScope {
  readonly slug: string;
  readonly cluster: ClusterRecord;
  readonly systemFolder: string;
  readonly tools: ToolPaths;
}

/** Name of a system's process in the ledger: one for each cluster. */
export function ledgerName(cluster: ClusterRecord, process: string): string {
  return `${cluster.name}.${process}`;
}

/** Log of a system's process. */
export function processLogPath(slug: string, cluster: ClusterRecord, process: string): string {
  return join(campaignFolder(slug), 'logs', `${ledgerName(cluster, process)}.log`);
}

/**
 * Starts a process of a system on free ports and puts it on record; takes up one that runs already.
 * @throws Error naming the field with an unknown placeholder, or the tool that is not there
 */
export async function ensureProcess(
  scope: ProcessScope,
  process: SystemProcess,
  signal: AbortSignal,
): Promise<LedgerProcess> {
  const { slug, cluster } = scope;
  const name = ledgerName(cluster, process.name);
  return withProcessLock(startLockPath(slug, name), { signal }, async () => {
    const recorded = readLedger(slug)?.processes.find((each) => each.name === name);
    if (recorded !== undefined && isAlive(recorded)) return recorded;
    // A process that was started and not recorded holds unknown ports.
    for (const stray of markedProcesses(slug, name)) await stopProcess(stray, 2_000);
    const ports = recorded?.ports ?? (await freshPorts(slug, process));
    const record = await startDetached({
      name,
      file: fileOf(process, scope.tools),
      cwd: campaignFolder(slug),
      logPath: processLogPath(slug, cluster, process.name),
      ...filled(process, scope, ports),
    });
    const more = { cluster: cluster.name, ports };
    recordProcess(slug, record, process.restart, more);
    return { ...record, restart: process.restart, ...more };
  });
}

/** Stops a system's process, recorded or not, gives its ports back and takes it off the record. */
export async function removeProcess(
  slug: string,
  cluster: ClusterRecord,
  process: string,
  graceMs: number,
): Promise<void> {
  const name = ledgerName(cluster, process);
  const recorded = readLedger(slug)?.processes.find((each) => each.name === name);
  // Off the record first, or the keeper would take its end for a death.
  forgetProcess(slug, name);
  if (recorded !== undefined) await stopProcess(recorded, graceMs);
  for (const stray of markedProcesses(slug, name)) await stopProcess(stray, graceMs);
  releasePorts(Object.values(recorded?.ports ?? {}));
  rmSync(dirname(startLockPath(slug, name)), { recursive: true, force: true });
}

/**
 * Stops every process on record that serves a cluster, whatever system it is of: for when the system's file is gone or
 * is another by now.
 */
export async function removeProcessesOf(slug: string, cluster: ClusterRecord, graceMs: number): Promise<void> {
  const serving = (readLedger(slug)?.processes ?? []).filter((each) => each.cluster === cluster.name);
  for (const { name } of serving) await removeProcess(slug, cluster, name.slice(cluster.name.length + 1), graceMs);
}

/** Every placeholder of a system, tried out: an unknown one is found before anything is started. */
export function checkPlaceholders(system: System, scope: ProcessScope): void {
  for (const process of system.install.processes) {
    filled(process, scope, Object.fromEntries(process.ports.map((name) => [name, 0])));
  }
}

function filled(
  process: SystemProcess,
  scope: ProcessScope,
  ports: Readonly<Record<string, number>>,
): { args: readonly string[]; env: Readonly<Record<string, string>> } {
  const { slug, cluster } = scope;
  const values = { kubeconfig: cluster.kubeconfigPath, cluster: cluster.name, slug, folder: scope.systemFolder, ports };
  const field = `install.processes.${process.name}`;
  const env = Object.entries(process.env).map(([name, text]) => [
    name,
    fillPlaceholders(text, values, `${field}.env.${name}`),
  ]);
  return {
    args: process.args.map((text, index) => fillPlaceholders(text, values, `${field}.args[${index}]`)),
    env: { ...(Object.fromEntries(env) as Record<string, string>), ...markOf(slug, ledgerName(cluster, process.name)) },
  };
}

async function freshPorts(slug: string, process: SystemProcess): Promise<Readonly<Record<string, number>>> {
  const ports = await claimPorts(slug, process.ports.length);
  return Object.fromEntries(process.ports.map((name, index) => [name, ports[index] ?? 0]));
}

function fileOf(process: SystemProcess, tools: ToolPaths): string {
  if (isAbsolute(process.tool)) {
    if (existsSync(process.tool)) return process.tool;
    throw new Error(`install.processes.${process.name}.tool: ${process.tool} does not exist`);
  }
  const tool = tools.get(process.tool);
  if (tool !== undefined) return tool.path;
  const known = [...tools.keys()].join(', ');
  throw new Error(`install.processes.${process.name}.tool: ${process.tool} was not made ready; these were: ${known}`);
}
