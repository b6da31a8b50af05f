import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ClusterRecord } from '../../host/ledger.ts';

/** Parts of a local cluster, in the order in which they need each other. kwokctl's names. */
export const COMPONENTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok-controller',
] as const;

export type ComponentName = (typeof COMPONENTS)[number];

type Located = Pick<ClusterRecord, 'name' | 'kubeconfigPath'>;

/** The context that kwokctl writes for a cluster of this name. */
export function contextName(name: string): string {
  return `kwok-${name}`;
}

/** The campaign's folder, found from where the cluster's kubeconfig lies: `<campaign>/clusters/<name>.kubeconfig`. */
export function campaignFolderOf(cluster: Located): string {
  return dirname(dirname(cluster.kubeconfigPath));
}

/** The campaign's slug, which is the name of its folder. */
export function slugOf(cluster: Located): string {
  return basename(campaignFolderOf(cluster));
}

/** KWOK_WORKDIR of a campaign: nothing of kwokctl lies outside of it. */
export function kwokFolder(campaignFolder: string): string {
  return join(campaignFolder, 'kwok');
}

/** kwokctl's folder of a cluster. The command line of each of its components begins with it. */
export function clusterFolder(cluster: Located): string {
  return join(kwokFolder(campaignFolderOf(cluster)), 'clusters', cluster.name);
}

/** Our input to `kwokctl create cluster`. */
export function configPath(cluster: Located): string {
  return join(dirname(cluster.kubeconfigPath), `${cluster.name}.kwokctl.yaml`);
}

/** kwokctl's own record of the cluster: components with arguments and ports, and kwok's stages. */
export function statePath(cluster: Located): string {
  return join(clusterFolder(cluster), 'kwok.yaml');
}

export function pidPath(cluster: Located, component: ComponentName): string {
  return join(clusterFolder(cluster), 'pids', `${component}.pid`);
}

export function logPath(cluster: Located, component: ComponentName): string {
  return join(clusterFolder(cluster), 'logs', `${component}.log`);
}

/** The lock for starting, repairing and removing processes of the cluster. */
export function lockPath(cluster: Located): string {
  return join(dirname(cluster.kubeconfigPath), `${cluster.name}.lock`);
}

/** What is on record of a cluster that was ready once. */
export interface ReadyMark {
  readonly uid: string;
  /** The kwokctl that made it: it can start what is missing of it. */
  readonly kwokctl: string;
}

/** Written last: the cluster was ready once, and is watched from now on. */
export function readyMarkPath(cluster: Located): string {
  return join(dirname(cluster.kubeconfigPath), `${cluster.name}.ready.json`);
}

/** The mark of a cluster that was ready once, else undefined. */
export function readReadyMark(cluster: Located): ReadyMark | undefined {
  try {
    return JSON.parse(readFileSync(readyMarkPath(cluster), 'utf8')) as ReadyMark;
  } catch {
    return undefined;
  }
}
