import { existsSync, writeFileSync } from 'node:fs';
import { pause, pollUntil } from '../../host/poll-until.ts';
import { ADOPTION_MS, CLUSTER_POLL_MS, COMPONENT_STARTS } from '../../../core/plan/limits.ts';
import type { ClusterRecord } from '../../host/ledger.ts';
import { logTail } from '../../host/log-tail.ts';
import { claimPorts } from '../../host/port-claims.ts';
import { apiHealth } from '../api-probe.ts';
import type { SubstrateSpec, ToolPaths } from '../substrate.ts';
import { clusterHealth } from './component-health.ts';
import { componentStates, makeWayForRestart } from './components.ts';
import { PORTS_PER_CLUSTER, toolPath, writeKwokConfig } from './kwok-config.ts';
import { kwokctlCreate, kwokctlStart } from './kwokctl.ts';
import { logPath, readyMarkPath, statePath } from './layout.ts';
import type { ReadyMark } from './layout.ts';
import { removeLocalCluster } from './remove-cluster.ts';

export interface EnsureRequest {
  readonly spec: SubstrateSpec;
  readonly cluster: ClusterRecord;
  readonly tools: ToolPaths;
  readonly signal: AbortSignal;
  readonly onStep: (detail: string) => void;
}

/**
 * Brings a cluster to readiness: takes up one that is there (starting what is missing of it), replaces one that cannot
 * be mended, makes one that is not there. Call it under the cluster's lock.
 * @returns the record with the cluster's UID
 * @throws Error naming what was waited for, with the log of what failed
 */
export async function ensureLocalCluster(request: EnsureRequest): Promise<ClusterRecord> {
  const { cluster, tools, signal, onStep } = request;
  if (existsSync(statePath(cluster)) && existsSync(cluster.kubeconfigPath)) {
    onStep('is there already, taking it up');
    const limit = AbortSignal.timeout(ADOPTION_MS);
    try {
      return await bringUp(request, AbortSignal.any([signal, limit]), 'adopt');
    } catch (cause) {
      signal.throwIfAborted();
      // A cluster that once was ready holds the campaign's objects: replacing it would hide that they are lost.
      if (existsSync(readyMarkPath(cluster))) throw cause;
      onStep('was half made and does not come up, replacing it');
    }
  }
  await removeLocalCluster(cluster, tools, signal, { keepRecord: true });
  const ports = await claimPorts(request.spec.slug, PORTS_PER_CLUSTER);
  writeKwokConfig(cluster, {
    tools,
    ports,
    env: request.spec.substrate.local?.env ?? {},
    nodeReadyDelayMs: delayMs(request),
    nodesFromSystem: request.spec.capacityFromSystem,
  });
  onStep('starting its processes');
  await kwokctlCreate(toolPath(tools, 'kwokctl'), cluster, signal);
  return bringUp(request, signal, 'create');
}

async function bringUp(request: EnsureRequest, signal: AbortSignal, how: 'adopt' | 'create'): Promise<ClusterRecord> {
  const { cluster, onStep } = request;
  const starts = new Map<string, number>();
  let lastReason = 'not checked yet';
  const look = async (): Promise<true | undefined> => {
    await startMissing(request, signal, starts, how);
    const reason = await notReady(cluster, signal);
    if (reason === undefined) return true;
    if (reason !== lastReason) onStep(`waiting: ${reason}`);
    lastReason = reason;
    return undefined;
  };
  await pollUntil({ everyMs: CLUSTER_POLL_MS, signal }, look).catch((cause: unknown) => {
    // What was waited for says more than the limit that ended the wait.
    throw signal.aborted ? new Error(`${cluster.name}: ${lastReason}`, { cause }) : cause;
  });
  const { uid } = await apiHealth(cluster, signal);
  writeFileSync(
    readyMarkPath(cluster),
    JSON.stringify({ uid, kwokctl: toolPath(request.tools, 'kwokctl') } satisfies ReadyMark),
  );
  return { ...cluster, uid };
}

/** Starts components that do not run. @throws Error with the log of one that keeps dying */
async function startMissing(
  request: EnsureRequest,
  signal: AbortSignal,
  starts: Map<string, number>,
  how: 'adopt' | 'create',
): Promise<void> {
  const { cluster, tools, onStep } = request;
  const dead = componentStates(cluster).filter((each) => each.state === 'dead');
  if (dead.length === 0) return;
  for (const { name } of dead) {
    const count = (starts.get(name) ?? (how === 'create' ? 1 : 0)) + 1;
    if (count > COMPONENT_STARTS) {
      throw new Error(
        `${cluster.name}: ${name} ended ${COMPONENT_STARTS} times. Its log ends:\n${logTail(logPath(cluster, name), 5)}`,
      );
    }
    starts.set(name, count);
  }
  onStep(`starting ${dead.map((each) => each.name).join(', ')}`);
  makeWayForRestart(cluster);
  await kwokctlStart(toolPath(tools, 'kwokctl'), cluster, signal);
  // A process that cannot run (a taken port, a bad flag) has ended by the next look. A slow one has not.
  await pause(CLUSTER_POLL_MS * 2, signal);
}

/** Undefined when the API and every component say that they are well. */
async function notReady(cluster: ClusterRecord, signal: AbortSignal): Promise<string | undefined> {
  const frozen = componentStates(cluster).find((each) => each.state === 'frozen');
  if (frozen !== undefined) process.kill(frozen.pid, 'SIGCONT');
  return clusterHealth(cluster, signal);
}

function delayMs(request: EnsureRequest): number {
  return Math.round((request.spec.substrate.local?.nodeReadyDelaySeconds ?? 0) * 1_000);
}
