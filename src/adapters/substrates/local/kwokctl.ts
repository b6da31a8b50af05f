import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { makeFolder } from '../../host/make-folder.ts';
import { KWOKCTL_MS } from '../../../core/plan/limits.ts';
import type { ClusterRecord } from '../../host/ledger.ts';
import { campaignFolderOf, configPath, kwokFolder } from './layout.ts';

/**
 * kwokctl asks kubectl whether the API is served, and downloads one if it finds none. Belay asks the API itself, so
 * kwokctl is given a kubectl that says yes.
 */
const KUBECTL_STAND_IN = '#!/bin/sh\necho ok\n';

/** Makes a cluster from its written configuration and starts its processes. Does not wait for them. */
export async function kwokctlCreate(kwokctl: string, cluster: ClusterRecord, signal: AbortSignal): Promise<void> {
  await run(kwokctl, cluster, ['create', 'cluster', '--config', configPath(cluster)], signal);
}

/** Starts those components of a cluster that do not run. Drop stale pid files first. */
export async function kwokctlStart(kwokctl: string, cluster: ClusterRecord, signal: AbortSignal): Promise<void> {
  await run(kwokctl, cluster, ['start', 'cluster'], signal);
}

/** Kills a cluster's processes and removes its folder. Drop stale pid files first. */
export async function kwokctlDelete(kwokctl: string, cluster: ClusterRecord, signal: AbortSignal): Promise<void> {
  await run(kwokctl, cluster, ['delete', 'cluster'], signal);
}

async function run(
  kwokctl: string,
  cluster: ClusterRecord,
  command: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const folder = campaignFolderOf(cluster);
  // `start` knows no --kubeconfig; the other two write the user's own file without it.
  const kubeconfig = command[0] === 'start' ? [] : ['--kubeconfig', cluster.kubeconfigPath];
  const result = await execa(kwokctl, [...command, '--name', cluster.name, ...kubeconfig], {
    cwd: folder,
    env: {
      // What is not here is not inherited by the cluster's processes: no proxy, no kubeconfig, no credentials.
      PATH: `${standInFolder(folder)}:/usr/local/bin:/usr/bin:/bin`,
      HOME: kwokFolder(folder),
      KWOK_WORKDIR: kwokFolder(folder),
    },
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    cancelSignal: signal,
    timeout: KWOKCTL_MS,
    // The components inherit no pipe of ours (their output goes to their logs), but a straggler must not hold us up.
    forceKillAfterDelay: 1_000,
  });
  signal.throwIfAborted();
  if (result.failed) {
    const output = (result.all ?? '').split('\n').slice(-5).join('\n');
    throw new Error(`kwokctl ${command.join(' ')} --name ${cluster.name} failed: ${result.shortMessage}\n${output}`);
  }
}

function standInFolder(campaignFolder: string): string {
  const folder = join(kwokFolder(campaignFolder), 'stand-in');
  makeFolder(folder);
  const file = join(folder, 'kubectl');
  writeFileSync(file, KUBECTL_STAND_IN);
  chmodSync(file, 0o755);
  return folder;
}
